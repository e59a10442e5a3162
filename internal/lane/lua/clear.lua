-- clear ends suspensions, because a request succeeded despite them.
--
-- Only a request admitted after a hold opened proves that it is over. That need not be the
-- present probe: a slow one, whose lease has lapsed, proves it as well.
--
-- ARGV[2] = ticket of the request: repeating the call after a lost reply gives the same answer
-- ARGV[3] = epoch at which it was admitted
-- ARGV[4…] = fields
-- Returns the holds that ended.

local ticket, admitted = ARGV[2], tonumber(ARGV[3])

local last = load('cleared')
if last and last.ticket == ticket then return last.holds end

local ended = {}
for i = 4, #ARGV do
  local hold = load(ARGV[i])
  if hold and hold.epoch <= admitted then
    redis.call('HDEL', HOLDS, ARGV[i])
    ended[#ended + 1] = cjson.encode(hold)
    log_hold('released', hold, ticket)
  end
end
if #ended > 0 then
  save('cleared', { epoch = next_epoch(), ticket = ticket, holds = ended })
end
return ended
