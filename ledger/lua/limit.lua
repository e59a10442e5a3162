-- limit sets how many items of the batch may fail before it is held. A batch that is held stays so.
--
-- ARGV[2] = ticket of the act, ARGV[3] = who, ARGV[4] = why, ARGV[5] = "N", "P%" or "" for no limit
-- Returns 1 when that is another limit than before, 0 when it stood, -1 when there is no batch.

local limit = ARGV[5]
if not batch_exists() then return -1 end
if noted(ARGV[2]) then return 1 end
if not limit_failures(limit) then return 0 end
note({ kind = 'limit', by = ARGV[3], reason = ARGV[4], items = '0', ticket = ARGV[2],
  detail = limit == '' and 'no limit' or 'at most ' .. limit .. ' may fail' })
check_failure_limit()
return 1
