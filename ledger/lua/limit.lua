-- limit sets how many items of the batch may fail before it is paused. A paused batch stays paused.
--
-- ARGV[2] = ticket of the act, ARGV[3] = who, ARGV[4] = why, ARGV[5] = "N", "P%" or "" for no limit
-- Returns 1 if the limit changed, 0 if not, -1 if there is no batch.

local limit = ARGV[5]
if not batch_exists() then return -1 end
if noted(ARGV[2]) then return 1 end
if not limit_failures(limit) then return 0 end
note({ kind = 'limit', by = ARGV[3], reason = ARGV[4], items = '0', ticket = ARGV[2],
  detail = limit == '' and 'no limit' or 'limit ' .. limit })
check_failure_limit()
return 1
