-- leave takes a worker that stops out of the fleet. What it still holds is to be rescued at once.
--
-- Returns how many items that are.

redis.call('ZREM', BEATS, worker)
local held = redis.call('SCARD', INFLIGHT)
if held > 0 then
  redis.call('ZADD', DEAD, clock(), worker)
else
  redis.call('HDEL', PULSE, worker)
end
return held
