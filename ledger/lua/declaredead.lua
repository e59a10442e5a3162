-- declare writes down that a worker is dead that somebody has observed to be silent.
--
-- ARGV[3] = the number of its beats that was observed: one that beat since is alive
-- Returns 1 when the worker is dead by this, 0 when it is alive, or was dead before.

if not lives(worker) or redis.call('HGET', PULSE, worker) ~= ARGV[3] then return 0 end
redis.call('ZREM', BEATS, worker)
redis.call('HDEL', INFO, worker)
redis.call('ZADD', DEAD, clock(), worker)
return 1
