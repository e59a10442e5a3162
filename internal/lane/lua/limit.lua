-- limit sets the rate of the lane for the fleet, or goes back to what each worker was started with.
--
-- ARGV[5] = requests a second, 0 for no limit; or '' to go back
-- Returns 1 when it is this act's doing (0: there was nothing to go back from), and the limit that
-- stands, or ''.

local rps = ARGV[5]
local standing = redis.call('HGET', OPERATOR, 'limit')
if repeated() then return { 1, standing or '' } end

if rps == '' then
  if not standing then return { 0, '' } end
  redis.call('HDEL', OPERATOR, 'limit')
  log_act('unlimited', '')
  return { 1, '' }
end

-- Each rate has a bucket of its own: a slower one before would leave waits behind.
local limit = { rps = rps, by = by, message = why, since = now }
local before = standing and cjson.decode(standing)
if before and before.rps == rps then
  limit.bucket = before.bucket
else
  limit.bucket = redis.call('HINCRBY', OPERATOR, 'limits', 1)
end
local text = cjson.encode(limit)
redis.call('HSET', OPERATOR, 'limit', text)
log_act('limited', rps)
return { 1, text }
