-- discard is one step of a pass over the pending tasks. It takes the IDs that its caller has read from the end
-- where workers take theirs, deletes the tasks that the caller chose, and moves the other IDs to the front: after a
-- pass, these are in their order again. Each ID is in the list at any time, so that a pass that is never finished
-- loses none. An ID that a worker took meanwhile is not there any more, and is not touched.
--
-- KEYS[1] = the queue's pending list
-- KEYS[2] = who makes a pass: two at a time would hide IDs from each other
-- ARGV[1] = what comes before an ID in a task's key
-- ARGV[2] = the caller, ARGV[3] = milliseconds after which a caller that stopped is replaced
-- ARGV[4] = how many IDs to read for the next step; 0 ends the pass
-- ARGV[5...] = the IDs that were read, the next to run last, each with 1 to delete its task
-- Returns nothing if another caller makes a pass; else how many IDs it took, how many tasks it deleted, and the IDs
-- for the next step.

local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[2] then return false end
if ARGV[4] == '0' then
  redis.call('DEL', KEYS[2])
else
  redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
end

local n, chosen = (#ARGV - 4) / 2, {}
for i = 5, #ARGV, 2 do chosen[ARGV[i]] = ARGV[i + 1] end
local taken, moved, deleted = 0, {}, {}
if n > 0 then
  local ids = redis.call('LRANGE', KEYS[1], -n, -1)
  for i = #ids, 1, -1 do
    local id = ids[i]
    if not chosen[id] then break end -- requeued since the caller read; the next step reads it
    taken = taken + 1
    local task = redis.call('HMGET', ARGV[1] .. id, 'state', 'unique_key')
    if chosen[id] == '1' and task[1] == 'pending' then
      deleted[#deleted + 1] = ARGV[1] .. id
      if task[2] and task[2] ~= '' and redis.call('GET', task[2]) == id then redis.call('DEL', task[2]) end
    else
      moved[#moved + 1] = id
    end
  end
  if taken > 0 then redis.call('LTRIM', KEYS[1], 0, -taken - 1) end
  if #moved > 0 then redis.call('LPUSH', KEYS[1], unpack(moved)) end
  if #deleted > 0 then redis.call('DEL', unpack(deleted)) end
end
local next_ids = {}
if ARGV[4] ~= '0' then next_ids = redis.call('LRANGE', KEYS[1], -ARGV[4], -1) end
return { taken, #deleted, next_ids }
