-- beat says that a worker is alive, and tells how often each worker did.
--
-- Returns 1 if the worker itself is alive (0: it was found dead, and must enter under a new
-- name), then the names of dead workers whose items are still to be rescued, the longest dead first, then
-- each worker's name and its number of beats, of the living and of those dead.
--
-- A late beat of a worker that nobody found dead is good: death is what was written down, not
-- what a clock would say, so that it cannot be taken back after somebody acted on it.

-- ZADD answers 0 also for a second beat in one millisecond.
local alive = redis.call('ZADD', BEATS, 'XX', 'CH', clock(), worker) == 1 or lives(worker)
if alive then redis.call('HINCRBY', PULSE, worker, 1) end
return { alive and 1 or 0, redis.call('ZRANGE', DEAD, 0, -1), redis.call('HGETALL', PULSE) }
