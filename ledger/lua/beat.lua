-- beat says that a worker is alive, and tells how often each worker did.
--
-- Returns 1 if the worker itself is alive (0: it was found dead, and must enter under a new
-- name), then the names of dead workers whose items are still to be rescued, the longest dead first, then
-- each worker's name and its number of beats, of the living and of those dead.
--
-- It also counts the time through which workers lived: from beat to beat, where Redis's clock ran evenly. A clock
-- that steps, or a time without workers, adds nothing to it.
--
-- ARGV[3] = how far two beats may be apart for the time between them to count (ms)
--
-- A late beat of a worker that nobody found dead is good: death is what was written down, not
-- what a clock would say, so that it cannot be taken back after somebody acted on it.

-- ZADD answers 0 also for a second beat in one millisecond.
local alive = redis.call('ZADD', BEATS, 'XX', 'CH', clock(), worker) == 1 or lives(worker)
if alive then redis.call('HINCRBY', PULSE, worker, 1) end

local now, counted = clock(), redis.call('HMGET', KEYS[5], 'at', 'ms')
local passed = now - tonumber(counted[1] or now)
if passed < 0 or passed > tonumber(ARGV[3]) then passed = 0 end
redis.call('HSET', KEYS[5], 'at', string.format('%d', now), 'ms', string.format('%d', tonumber(counted[2] or 1) + passed))
return { alive and 1 or 0, redis.call('ZRANGE', DEAD, 0, -1), redis.call('HGETALL', PULSE) }
