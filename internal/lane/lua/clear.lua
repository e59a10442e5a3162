-- clear ends suspensions, because a request succeeded despite them.
--
-- Only a request that was admitted after a suspension began proves that it is over. A slow probe whose lease has
-- expired proves it as well.
--
-- ARGV[2] = ticket of the request: a call that is repeated after a lost reply returns the same
-- ARGV[3] = epoch at which it was admitted
-- ARGV[4…] = fields
-- Returns the suspensions that ended.

local ticket, admitted = ARGV[2], tonumber(ARGV[3])

local last = load('cleared')
if last and last.ticket == ticket then return last.suspensions end

local ended = {}
for i = 4, #ARGV do
  local suspension = load(ARGV[i])
  if suspension and suspension.epoch <= admitted then
    redis.call('HDEL', SUSPENSIONS, ARGV[i])
    ended[#ended + 1] = cjson.encode(suspension)
    log_suspension('recovered', suspension, ticket)
  end
end
if #ended > 0 then
  save('cleared', { epoch = next_epoch(), ticket = ticket, suspensions = ended })
end
return ended
