-- limit sets the rate of the lane for all workers, or restores the rate that each worker was started with.
--
-- ARGV[5] = requests a second, 0 for no limit; or '' to restore
-- Returns 1 if this act changed it (0: no limit was set), and the current limit, or ''.

local rps = ARGV[5]
local current = redis.call('HGET', OPERATOR, 'limit')
if repeated() then return { 1, current or '' } end

if rps == '' then
  if not current then return { 0, '' } end
  redis.call('HDEL', OPERATOR, 'limit')
  log_act('unlimited', '')
  return { 1, '' }
end

-- Each rate has its own bucket: that of a slower rate would still impose its waits.
local limit = { rps = rps, by = by, message = why, since = now }
local before = current and cjson.decode(current)
if before and before.rps == rps then
  limit.bucket = before.bucket
else
  limit.bucket = redis.call('HINCRBY', OPERATOR, 'limits', 1)
end
local text = cjson.encode(limit)
redis.call('HSET', OPERATOR, 'limit', text)
log_act('limited', rps)
return { 1, text }
