-- open is the first part of admit: it admits the request if nothing is suspended, the usual case. It precedes the
-- prelude, which would cost more than all else. ARGV and the result are admit's.

local known = redis.call('HMGET', KEYS[1], 'epoch', 'cleared', unpack(ARGV, 6))
local open = redis.call('HEXISTS', KEYS[2], 'pause') == 0
for i = 6, #ARGV do open = open and not known[i - 3] end
if open then
  local others = redis.call('HLEN', KEYS[1]) - (known[1] and 1 or 0) - (known[2] and 1 or 0)
  return { 'open', 0, '', tonumber(known[1] or 0), others }
end
