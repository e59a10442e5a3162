-- beat says that a worker is alive, and tells who is not.
--
-- ARGV[3] = silence in ms after which a worker is dead; 0 finds nobody dead
-- Returns 1 if the worker itself is alive (0: it was found dead, and must enter under a new
-- name), then the names of dead workers whose items are still to be rescued.
--
-- A late beat of a worker that nobody found dead is good: death is what was written down, not
-- what a clock would say, so that it cannot be taken back after somebody acted on it.

local now, silence = clock(), tonumber(ARGV[3])

-- ZADD answers 0 also for a second beat in one millisecond.
if redis.call('ZADD', BEATS, 'XX', 'CH', now, worker) == 0 and not redis.call('ZSCORE', BEATS, worker) then
  return { 0, redis.call('ZRANGE', DEAD, 0, -1) }
end
if silence > 0 then
  for _, name in ipairs(redis.call('ZRANGEBYSCORE', BEATS, '-inf', string.format('(%d', now - silence))) do
    redis.call('ZREM', BEATS, name)
    redis.call('ZADD', DEAD, now, name)
  end
end
return { 1, redis.call('ZRANGE', DEAD, 0, -1) }
