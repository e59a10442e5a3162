-- register enters items into the batch that nobody has registered. What was decided about them stands in
-- lifecycle.Register.
--
-- ARGV[2] = the last generation that was used before the batch was forgotten, as it was read
-- ARGV[3] = 1 when a new batch is committed with this, and a committed one stays so
-- ARGV[4] = the state of the items: queued, or adopted for imported ones
-- ARGV[5] = how many facts follow, name and value, that are set when the batch is new
-- then for each item: key, spec, record
-- Returns which of the items, counted from 1, stand in the batch by now and were not entered; -1 when the batch
-- was forgotten meanwhile: read again, and decide again.

local past, whole = tonumber(redis.call('HGET', BATCH, 'past') or 0), ARGV[3] == '1'
if past ~= tonumber(ARGV[2]) then return -1 end

local state, first = ARGV[4], 6 + 2 * ARGV[5]
if not batch_exists() then
  redis.call('HSET', BATCH, 'createdAt', string.format('%d', now))
  for i = 6, first - 1, 2 do redis.call('HSET', BATCH, ARGV[i], ARGV[i + 1]) end
  redis.call('HDEL', BATCH, 'forgottenAt', 'forgottenBy', 'forgottenWhy')
  event('registered', '', past > 0 and 'its record had been deleted; nothing is taken over' or '')
  if whole then
    redis.call('HSET', BATCH, 'committedAt', string.format('%d', now))
    event('committed', '', '')
  end
end

-- Each key is written at once: most of a call's time are calls of Redis.
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
  if not whole then redis.call('HDEL', BATCH, 'committedAt') end -- until its producer is through again
  redis.call('HSET', BATCH, 'updatedAt', string.format('%d', now))
end
return there
