-- resume ends a pause. Suspensions by the breaker remain.
--
-- Returns 1 when it is this act's doing (0: the lane was not paused), and the pause that ended; the
-- latter is '' when the act is repeated.

local standing = redis.call('HGET', OPERATOR, 'pause')
if not standing then return { repeated() and 1 or 0, '' } end
redis.call('HDEL', OPERATOR, 'pause')
log_act('resumed', '')
return { 1, standing }
