-- danglingids finds IDs in a range of a list or sorted set that have no task, and removes them if
-- it is told to. A task and its ID come and go in one step, so that none is caught half-way.
--
-- KEYS[1] = a list or sorted set of task IDs
-- ARGV[1] = what comes before an ID in a task's key
-- ARGV[2], ARGV[3] = first and last index
-- ARGV[4] = 1 to remove them
-- Returns how many were looked at, then the IDs without a task.
--
-- A list is searched from the end that the range is at, so that removing costs no more than the
-- range is long.

local kind = redis.call('TYPE', KEYS[1]).ok
if kind == 'none' then return { 0, {} } end
local from = tonumber(ARGV[2])
local read = kind == 'list' and 'LRANGE' or 'ZRANGE'
local ids = redis.call(read, KEYS[1], ARGV[2], ARGV[3])
local dangling = {}
for _, id in ipairs(ids) do
  if redis.call('EXISTS', ARGV[1] .. id) == 0 then dangling[#dangling + 1] = id end
end
if ARGV[4] == '1' then
  for _, id in ipairs(dangling) do
    if kind == 'list' then
      redis.call('LREM', KEYS[1], from < 0 and -1 or 1, id)
    else
      redis.call('ZREM', KEYS[1], id)
    end
  end
end
return { #ids, dangling }
