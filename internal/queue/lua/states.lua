-- states returns what asynq's queues have.
--
-- KEYS = the pending list of each queue; the queue's other keys share its hash tag
-- ARGV[1] = the time in Unix seconds by which asynq's servers decide what is due
-- Returns a sum for each queue: 1 if it has any task, 2 if one is pending, 4 if an asynq server has something to do.

local now = tonumber(ARGV[1])

local function exists(key) return redis.call('EXISTS', key) == 1 end

local function due(set)
  local first = redis.call('ZRANGE', set, 0, 0, 'WITHSCORES')
  return #first > 0 and tonumber(first[2]) <= now
end

-- The usual case is that no queue has any task. One command says so for all of them.
local every, found = {}, {}
for i, pending in ipairs(KEYS) do
  local queue = string.sub(pending, 1, -#'pending' - 1)
  for _, kind in ipairs({ 'pending', 'active', 'scheduled', 'retry', 'completed', 'archived' }) do
    every[#every + 1] = queue .. kind
  end
  found[i] = 0
end
if redis.call('EXISTS', unpack(every)) == 0 then return found end

for i, pending in ipairs(KEYS) do
  local queue = string.sub(pending, 1, -#'pending' - 1)
  local active, scheduled, retry, completed = queue .. 'active', queue .. 'scheduled', queue .. 'retry', queue .. 'completed'
  if redis.call('EXISTS', pending, active, scheduled, retry, completed, queue .. 'archived') > 0 then
    local waiting = exists(pending)
    local work = exists(active) or due(scheduled) or due(retry) or due(completed) or (waiting and not exists(queue .. 'paused'))
    found[i] = 1 + (waiting and 2 or 0) + (work and 4 or 0)
  end
end
return found
