-- pause holds the whole lane back until a person ends it. No request tries whether it is over.
--
-- Returns 1 when it is this act's doing (0: the lane was paused before), and the pause that stands.

local standing = redis.call('HGET', OPERATOR, 'pause')
if standing then return { repeated() and 1 or 0, standing } end
local pause = cjson.encode({
  target = 'lane', subnetId = '', code = '', message = why, by = by, since = now, failures = 0, probeAt = 0,
})
redis.call('HSET', OPERATOR, 'pause', pause)
log_act('paused', '')
return { 1, pause }
