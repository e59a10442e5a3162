-- rollback asks for HaVIPs to be deleted that requests of this batch created.
--
-- ARGV[2] = why, in a person's words; ARGV[3...] = for each item: key, haVipId as the caller saw it
-- Returns for each item verdict and record:
--
--   applied   it is to be deleted; enqueue its task
--   same      that was asked before
--   finished  its HaVIP was deleted
--   late      no HaVIP of that ID is recorded as created by it (any more)
--   absent    nobody registered this item
--
-- What was adopted is not deleted: that this batch created it is inferred, and not proven.

local why = ARGV[2]
local replies, applied = {}, 0

local function ask(key, rec)
  give_up_address(rec)
  rec.deletion = { at = now, why = why ~= '' and why or nil }
  rec.enqueuedAt = nil
  event('deleting', key, rec.haVipId)
  move(key, rec, 'deleting')
  save_record(key, rec)
  applied = applied + 1
end

for i = 3, #ARGV, 2 do
  local key, id = ARGV[i], ARGV[i + 1]
  local rec = load_record(key)
  local verdict = 'late'
  if not rec then
    verdict = 'absent'
  elseif rec.state == 'deleting' then
    verdict = 'same'
  elseif rec.state == 'deleted' then
    verdict = 'finished'
  elseif rec.state == 'created' and rec.haVipId == id then
    verdict = 'applied'
    ask(key, rec)
  end
  replies[#replies + 1] = { verdict, rec and cjson.encode(rec) or '' }
end

if applied > 0 then
  redis.call('HDEL', BATCH, 'completedAt')
  redis.call('HSET', BATCH, 'updatedAt', string.format('%d', now))
end
return replies
