-- cancel withdraws items of which nothing was created.
--
-- ARGV[2] = why, in a person's words; ARGV[3...] = keys
-- Returns for each item verdict and record:
--
--   applied   it is canceled: nothing of it is in flight or in doubt
--   asked     a request of it is in flight or in doubt: what that came to decides, and nothing is sent
--             for it any more
--   same      that was asked before
--   finished  it is in a terminal state, or being deleted
--   absent    nobody registered this item
--
-- Repeating the request of an item in doubt would create it if it was not yet; so it is looked for
-- instead.

local why = ARGV[2]
local replies, applied = {}, 0

for i = 3, #ARGV do
  local key = ARGV[i]
  local rec = load_record(key)
  local verdict
  if not rec then
    verdict = 'absent'
  elseif TERMINAL[rec.state] or rec.state == 'deleting' then
    verdict = 'finished'
  elseif rec.cancel then
    verdict = 'same'
  elseif rec.state == 'sending' or rec.unknown then
    verdict = 'asked'
    rec.cancel = { at = now, why = why }
    if rec.state ~= 'sending' then rec.lookup = true end
    event('cancel-asked', key, why)
    save_record(key, rec)
  else
    verdict = 'applied'
    withdraw(key, rec, why)
    save_record(key, rec)
    applied = applied + 1
  end
  replies[#replies + 1] = { verdict, rec and cjson.encode(rec) or '' }
end

if applied > 0 then settle_batch() end
return replies
