-- resume resumes a paused batch. If its failures paused it, they are forgiven and the count restarts. Failures during
-- an operator's pause are counted, and may pause it again.
--
-- ARGV[2] = ticket of the act, ARGV[3] = who, ARGV[4] = why
-- ARGV[5] = 1 to set the limit to ARGV[6] ("N", "P%" or "" for none), 0 to keep it
-- Returns 1 if the batch was paused, 0 if not, -1 if there is none.

if not batch_exists() then return -1 end
if noted(ARGV[2]) then return 1 end
local pause = redis.call('HGET', BATCH, 'pause')
if not pause then return 0 end
redis.call('HDEL', BATCH, 'pause')
if cjson.decode(pause).limit then
  redis.call('HSET', BATCH, 'forgiven', fact('n:rejected') + fact('n:review'))
  count('round', 1)
end
if ARGV[5] == '1' then limit_failures(ARGV[6]) end
local limit = redis.call('HGET', BATCH, 'maxFailures')
note({ kind = 'resume', by = ARGV[3], reason = ARGV[4], items = '0', ticket = ARGV[2],
  detail = limit and 'limit ' .. limit or '' })
check_failure_limit()
return 1
