-- pause pauses the whole lane until an operator resumes it. No request probes it.
--
-- Returns 1 if this act paused the lane (0: it was already paused), and the current pause.

local current = redis.call('HGET', OPERATOR, 'pause')
if current then return { repeated() and 1 or 0, current } end
local pause = cjson.encode({
  target = 'lane', subnetId = '', code = '', message = why, by = by, since = now, failures = 0, probeAt = 0,
})
redis.call('HSET', OPERATOR, 'pause', pause)
log_act('paused', '')
return { 1, pause }
