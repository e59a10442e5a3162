-- register writes new items of the batch; lifecycle.Register decides which.
--
-- ARGV[2] = the last generation that was used before the batch was deleted, as it was read
-- ARGV[3] = 1 if a new batch is committed by this call, and a committed one remains committed
-- ARGV[4] = the state of the items: queued, or adopted for imported ones
-- ARGV[5] = how many facts follow, name and value, that are set if the batch is new
-- then for each item: key, spec, record
-- Returns which of the items, counted from 1, the batch already has; -1 if the batch was deleted since it was
-- read: read and decide again.

local generation, whole = tonumber(redis.call('HGET', BATCH, 'forgottenGeneration') or 0), ARGV[3] == '1'
if generation ~= tonumber(ARGV[2]) then return -1 end

local state, first = ARGV[4], 6 + 2 * ARGV[5]
if not batch_exists() then
  redis.call('HSET', BATCH, 'createdAt', string.format('%d', now))
  for i = 6, first - 1, 2 do redis.call('HSET', BATCH, ARGV[i], ARGV[i + 1]) end
  redis.call('HDEL', BATCH, 'forgottenAt', 'forgottenBy', 'forgottenWhy')
  event('registered', '', generation > 0 and 'an earlier batch of this name was deleted; nothing of it is reused' or '')
  if whole then
    redis.call('HSET', BATCH, 'committedAt', string.format('%d', now))
    event('committed', '', '')
  end
end

-- One command per key, because the Redis commands take most of the time.
local keys, specs, records, open, there = {}, {}, {}, {}, {}
for i = first, #ARGV, 3 do
  if redis.call('HEXISTS', RECORDS, ARGV[i]) == 1 then
    there[#there + 1] = (i - first) / 3 + 1
  else
    local n = #keys
    keys[n + 1] = ARGV[i]
    specs[2 * n + 1], specs[2 * n + 2] = ARGV[i], ARGV[i + 1]
    records[2 * n + 1], records[2 * n + 2] = ARGV[i], ARGV[i + 2]
    open[2 * n + 1], open[2 * n + 2] = now, ARGV[i]
  end
end
if #keys > 0 then
  redis.call('HSET', SPECS, unpack(specs))
  redis.call('HSET', RECORDS, unpack(records))
  redis.call('RPUSH', ORDER, unpack(keys))
  count('n:' .. state, #keys)
  if state == 'queued' then
    redis.call('ZADD', OPEN, unpack(open))
  else
    for i, key in ipairs(keys) do event(state, key, cjson.decode(records[2 * i]).haVipId) end
  end
  count('total', #keys)
  redis.call('HDEL', BATCH, 'completedAt')
  if not whole then redis.call('HDEL', BATCH, 'committedAt') end -- until its producer commits it again
  redis.call('HSET', BATCH, 'updatedAt', string.format('%d', now))
end
return there
