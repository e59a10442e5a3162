-- removedeadworker removes a dead worker that claims no items.
--
-- Returns 1 if it is removed, 0 if it still claims items.

if redis.call('EXISTS', INFLIGHT) == 1 then return 0 end
redis.call('ZREM', DEAD, worker)
if not lives(worker) then redis.call('HDEL', PULSE, worker) end
return 1
