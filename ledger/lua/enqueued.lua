-- enqueued notes that the tasks of these items stand in the queue.
--
-- ARGV[2...] = keys
-- Returns how many were noted now; an unknown key, a finished item and a repeated note
-- change nothing.

local asked = {}
for i = 2, #ARGV do asked[#asked + 1] = ARGV[i] end

local changed, noted = {}, 0
for key, rec in pairs(load_records(asked)) do
  if not rec.enqueuedAt and not TERMINAL[rec.state] then
    rec.enqueuedAt, rec.updatedAt = now, now
    noted = noted + 1
    changed[2 * noted - 1], changed[2 * noted] = key, cjson.encode(rec)
  end
end
if noted > 0 then redis.call('HSET', RECORDS, unpack(changed)) end
return noted
