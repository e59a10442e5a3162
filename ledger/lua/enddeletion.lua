-- enddeletion enters what a try to delete proved, once.
--
-- ARGV[2] = key
-- ARGV[3] = number of the try (record.deletes when it began)
-- ARGV[4] = outcome, JSON:
--             state    deleted; created, where BCE refused for good; or deleting, to try again
--             class    what the outcome proved
--             unknown  true when BCE may have acted on it
--             status, code, message, requestId, ms   as answered
--             ip       the HaVIP's address, where that was learnt by the way
--             gen      the item's generation when it began
--             ticket   that of the try
-- Returns verdict and record:
--
--   applied   the item moved
--   same      this outcome was entered before, or the HaVIP is known to be deleted
--   late      a later try stands; only the log was written, and the doubt that the outcome leaves
--   gone      it is of before the batch was forgotten; nothing was written
--   absent    nobody registered this item

local key, n = ARGV[2], tonumber(ARGV[3])
local outcome = cjson.decode(ARGV[4])
local rec = load_record(key)
if not rec then return { 'absent', '' } end
local function answer(verdict) return { verdict, cjson.encode(rec) } end
if is_forgotten(outcome) then return answer('gone') end

local wrote = close_deletion(key, n, {
  class = outcome.class, status = outcome.status, code = outcome.code,
  message = outcome.message, requestId = outcome.requestId, ms = outcome.ms,
})
-- What is deleted is deleted, whenever that is heard.
local proof = outcome.state == 'deleted' and (rec.state == 'deleting' or rec.state == 'created')
if not proof then
  if not wrote or rec.state == 'deleted' then return answer('same') end
  if rec.state ~= 'deleting' then return answer('late') end
  if outcome.unknown and not rec.deletion.unknown then
    rec.deletion.unknown = true
    save_record(key, rec)
  end
  if n ~= rec.deletes or outcome.ticket ~= rec.ticket then return answer('late') end
end

if rec.state == 'created' then give_up_address(rec) end
rec.class, rec.status, rec.code = outcome.class, outcome.status, outcome.code
rec.message, rec.requestId = outcome.message, outcome.requestId
if outcome.ip and (not rec.ip or rec.ip == '') then rec.ip, rec.addressGivenUp = outcome.ip, nil end
rec.leaseUntil, rec.requestUntil, rec.ticket = nil, nil, nil
if outcome.state ~= 'deleting' then
  rec.deletion = nil
  slim(rec)
end
if outcome.state == 'created' then event('not-deleted', key, outcome.message or '') end
move(key, rec, outcome.state, rec.haVipId)
save_record(key, rec)
settle_batch()
return answer('applied')
