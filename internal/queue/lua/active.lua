-- active reads the tasks that are active, each with its lease, at one moment.
--
-- KEYS[1] = the queue's active list, KEYS[2] = its leases
-- ARGV[1] = what comes before an ID in a task's key, ARGV[2] = how many to read at most
-- Returns for each: ID, lease in Unix seconds or "", 1 if the task exists.

local found = {}
for _, id in ipairs(redis.call('LRANGE', KEYS[1], 0, tonumber(ARGV[2]) - 1)) do
  found[#found + 1] = {
    id, redis.call('ZSCORE', KEYS[2], id) or '', redis.call('EXISTS', ARGV[1] .. id),
  }
end
return found
