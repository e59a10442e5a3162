-- resume ends a pause. Suspensions by the breaker remain.
--
-- Returns 1 if this act resumed the lane (0: it was not paused), and the pause that ended, '' if the act is repeated.

local current = redis.call('HGET', OPERATOR, 'pause')
if not current then return { repeated() and 1 or 0, '' } end
redis.call('HDEL', OPERATOR, 'pause')
log_act('resumed', '')
return { 1, current }
