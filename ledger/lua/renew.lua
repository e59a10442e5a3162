-- renew gives an item its next clientToken, because it is proven that the present one created
-- nothing and cannot any more.
--
-- ARGV[2] = key, ARGV[3] = clientToken of which that is proven, ARGV[4] = the next one
-- ARGV[5] = why, for the event stream
-- ARGV[6] = record.sends as the caller saw it: the proof says nothing about later sends
-- ARGV[7] = record.code as the caller saw it
-- Returns verdict and record:
--
--   applied   the item has the next token, and nothing of it is in doubt
--   same      it had that token already
--   withdrawn  a person wants it canceled: it needs no token, and is canceled by the same proof
--   finished, late, foreign, absent   as for adopt

local key, token, next_token, why = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local sends = tonumber(ARGV[6])

local rec = load_record(key)
if not rec then return { 'absent', '' } end
local function answer(verdict) return { verdict, cjson.encode(rec) } end

if TERMINAL[rec.state] or rec.state == 'deleting' then return answer('finished') end
if rec.token == next_token then return answer('same') end
if rec.token ~= token then return answer('foreign') end
if rec.state == 'sending' or rec.sends ~= sends then return answer('late') end
if rec.cancel then
  withdraw(key, rec, rec.cancel.why)
  save_record(key, rec)
  settle_batch()
  return answer('withdrawn')
end

rec.gen, rec.token, rec.renewedAt = rec.gen + 1, next_token, now
rec.unknown, rec.unknownSince, rec.lookup, rec.firstFailedAt, rec.refusals = nil, nil, nil, nil, nil
rec.refusedSince, rec.spent = nil, nil
note_generation(rec.gen)
rec.renewedFor = ARGV[7] ~= '' and ARGV[7] or nil
event('renewed', key, why)
move(key, rec, 'queued')
save_record(key, rec)
return answer('applied')
