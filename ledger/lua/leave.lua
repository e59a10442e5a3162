-- leave unregisters a worker that stops. The items that it still claims are rescued at once.
--
-- Returns the number of these items.

redis.call('ZREM', BEATS, worker)
redis.call('HDEL', INFO, worker)
local claimed = redis.call('SCARD', INFLIGHT)
if claimed > 0 then
  redis.call('ZADD', DEAD, clock(), worker)
else
  redis.call('HDEL', PULSE, worker)
end
return claimed
