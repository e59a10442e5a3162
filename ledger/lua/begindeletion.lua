-- begindeletion makes the intent to delete durable, before anything is sent.
--
-- ARGV[2] = key, ARGV[3] = worker
-- ARGV[4] = lease in ms: how long the try may take at the very most
-- ARGV[5] = ticket, unique to this call: repeating it after a lost reply begins nothing new
-- ARGV[6] = request in ms: how long after this call the try's requests are certainly over
-- Returns verdict, record, spec, wait in ms, and the time of this answer:
--
--   begun     go on; record.deletes is the number of this try
--   busy      another try is in flight; ask again after the wait
--   finished  the item is not to be deleted, or is
--   absent    nobody registered this item

-- The log of an item's deletions keeps the last of them.
local LOG_LAST = 20

local key, worker, lease, ticket = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5]
local rec = load_record(key)
if not rec then return { 'absent', '', '', 0, now } end
local spec = redis.call('HGET', SPECS, key) or ''

local function answer(verdict, wait)
  return { verdict, cjson.encode(rec), spec, wait or 0, now }
end

if rec.state ~= 'deleting' then return answer('finished') end
local deletion = rec.deletion
if rec.leaseUntil then
  if rec.ticket == ticket then return answer('begun') end
  -- A lease of a clock that has since been put back may be far longer than any.
  local left = rec.leaseUntil - now
  if left > 0 and (deletion.sentAt <= now or left <= 2 * lease) then return answer('busy', left) end
  close_deletion(key, rec.deletes, { class = 'interrupted' })
  deletion.unknown = true
end

rec.deletes = (rec.deletes or 0) + 1
deletion.sentAt = now
rec.leaseUntil, rec.requestUntil, rec.worker, rec.ticket = now + lease, now + tonumber(ARGV[6]), worker, ticket
rec.enqueuedAt = rec.enqueuedAt or now
redis.call('HSET', ATTEMPTS, deletion_field(key, rec.deletes), cjson.encode({
  n = rec.deletes, op = 'delete', gen = rec.gen, at = now, worker = worker, class = 'sending',
}))
redis.call('HDEL', ATTEMPTS, deletion_field(key, rec.deletes - LOG_LAST))
move(key, rec, 'deleting')
save_record(key, rec)
return answer('begun')
