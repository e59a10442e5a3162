-- states returns what asynq's queues have.
--
-- KEYS = the pending list of each queue; the queue's other keys share its hash tag
-- ARGV[1] = the time in Unix seconds by which asynq's servers judge what is due
-- Returns a sum for each queue: 1 if it has any task, 2 if one is pending, 4 if an asynq server has something to do.

local now = tonumber(ARGV[1])
local found = {}
for i, pending in ipairs(KEYS) do
  local queue = string.sub(pending, 1, -#'pending' - 1)
  local any, due = redis.call('EXISTS', queue .. 'archived') == 1, false
  for _, set in ipairs({ 'scheduled', 'retry', 'completed' }) do
    local first = redis.call('ZRANGE', queue .. set, 0, 0, 'WITHSCORES')
    if #first > 0 then
      any, due = true, due or tonumber(first[2]) <= now
    end
  end
  if redis.call('EXISTS', queue .. 'active') == 1 then
    any, due = true, true
  end
  local waiting = redis.call('EXISTS', pending) == 1
  if waiting then
    any, due = true, due or redis.call('EXISTS', queue .. 'paused') == 0
  end
  found[i] = (any and 1 or 0) + (waiting and 2 or 0) + (due and 4 or 0)
end
return found
