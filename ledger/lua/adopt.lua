-- adopt records that a HaVIP which exists already is the item's own: an earlier request created
-- it, and its answer was lost.
--
-- ARGV[2] = key, ARGV[3] = clientToken that the caller looked up for
-- ARGV[4] = haVipId, ARGV[5] = its address
-- ARGV[6] = record.sends as the caller saw it: what was looked up proves nothing about later sends
-- ARGV[7] = 1 if the caller saw the item in doubt, 0 if it was idle; see begin
-- ARGV[8] = record.past as the caller saw it: what it found before the batch was forgotten is another item's
-- Returns verdict and record:
--
--   applied   the item is adopted
--   finished  it was finished meanwhile
--   foreign   the item has another clientToken by now, or is a later one of its name
--   late      a request was begun since, or the doubt that the caller saw is gone
--   absent    nobody registered this item

local key, token, id, address = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local sends = tonumber(ARGV[6])

local rec = load_record(key)
if not rec then return { 'absent', '' } end
local function answer(verdict) return { verdict, cjson.encode(rec) } end

if TERMINAL[rec.state] or rec.state == 'deleting' then return answer('finished') end
if rec.token ~= token or (rec.past or 0) ~= tonumber(ARGV[8]) then return answer('foreign') end
if rec.state == 'sending' or rec.sends ~= sends then return answer('late') end
if ARGV[7] == '1' and not rec.unknown then return answer('late') end

rec.haVipId, rec.ip = id, address
rec.unknown, rec.unknownSince, rec.lookup, rec.spent = nil, nil, nil, nil
rec.code, rec.message = nil, nil
slim(rec)
keep(key, rec)
if address == '' then count('addressPending', 1) end
move(key, rec, 'adopted', id)
save_record(key, rec)
settle_batch()
return answer('applied')
