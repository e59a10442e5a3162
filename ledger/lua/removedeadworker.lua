-- bury forgets a dead worker once nothing of it is left to rescue.
--
-- Returns 1 when it is forgotten, 0 when it still has items.

if redis.call('EXISTS', INFLIGHT) == 1 then return 0 end
redis.call('ZREM', DEAD, worker)
if not lives(worker) then redis.call('HDEL', PULSE, worker) end
return 1
