-- discarddelayed deletes tasks that wait in a sorted set, except those that have left it.
--
-- KEYS[1] = a sorted set of task IDs
-- ARGV[1] = what comes before an ID in a task's key, ARGV[2...] = IDs
-- Returns how many it deleted.

local deleted = 0
for i = 2, #ARGV do
  if redis.call('ZREM', KEYS[1], ARGV[i]) == 1 then
    local task = ARGV[1] .. ARGV[i]
    local unique = redis.call('HGET', task, 'unique_key')
    if unique and unique ~= '' and redis.call('GET', unique) == ARGV[i] then redis.call('DEL', unique) end
    redis.call('DEL', task)
    deleted = deleted + 1
  end
end
return deleted
