-- resume lets a held batch go on. Where its failures held it, they are forgiven: the count begins anew.
-- Those that came under a person's pause are not: nobody has judged them yet, and they may hold it now.
--
-- ARGV[2] = ticket of the act, ARGV[3] = who, ARGV[4] = why
-- ARGV[5] = 1 when ARGV[6] is the limit from now on ("N", "P%" or "" for none), 0 when it stays
-- Returns 1 when the batch was held, 0 when it was not, -1 when there is none.

if not batch_exists() then return -1 end
if noted(ARGV[2]) then return 1 end
local hold = redis.call('HGET', BATCH, 'hold')
if not hold then return 0 end
redis.call('HDEL', BATCH, 'hold')
if cjson.decode(hold).limit then
  redis.call('HSET', BATCH, 'forgiven', fact('n:rejected') + fact('n:review'))
  count('round', 1)
end
if ARGV[5] == '1' then limit_failures(ARGV[6]) end
local limit = redis.call('HGET', BATCH, 'maxFailures')
note({ kind = 'resume', by = ARGV[3], reason = ARGV[4], items = '0', ticket = ARGV[2],
  detail = limit and 'at most ' .. limit .. ' may fail' or '' })
check_failure_limit()
return 1
