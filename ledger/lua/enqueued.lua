-- enqueued replaces the records of items that are unchanged since they were read. It runs without the prelude, because
-- it changes no counter.
--
-- KEYS are those of the batch; see the prelude.
-- ARGV[2...] = for each item: key, its record as it was read, and the new one
-- Returns which of the items, counted from 1, have changed.

local changed, records = {}, {}
for i = 2, #ARGV, 3 do
  if redis.call('HGET', KEYS[3], ARGV[i]) ~= ARGV[i + 1] then
    changed[#changed + 1] = (i - 2) / 3 + 1
  else
    records[#records + 1], records[#records + 2] = ARGV[i], ARGV[i + 2]
  end
end
if #records > 0 then redis.call('HSET', KEYS[3], unpack(records)) end
return changed
