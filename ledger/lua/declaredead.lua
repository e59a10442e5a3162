-- declaredead declares a worker dead that an observer found silent.
--
-- ARGV[3] = the observed number of its beats: a worker with more is alive
-- Returns 1 if the worker is dead now, 0 if it is alive or was already dead.

if not lives(worker) or redis.call('HGET', PULSE, worker) ~= ARGV[3] then return 0 end
redis.call('ZREM', BEATS, worker)
redis.call('HDEL', INFO, worker)
redis.call('ZADD', DEAD, clock(), worker)
return 1
