-- settle ends an item that no request will decide: rejected when it is certain that nothing
-- was created, review when a person must look.
--
-- ARGV[2] = key, ARGV[3] = state, ARGV[4] = code, ARGV[5] = message
-- Returns verdict (applied, finished, busy or absent; late, when it is not certain any more that
-- nothing was created) and the record.

local key, state, code, message = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local rec = load_record(key)
if not rec then return { 'absent', '' } end
if TERMINAL[rec.state] or rec.state == 'deleting' then return { 'finished', cjson.encode(rec) } end
if rec.state == 'sending' and now < rec.leaseUntil then return { 'busy', cjson.encode(rec) } end
if state == 'rejected' and (rec.unknown or rec.state == 'sending') then return { 'late', cjson.encode(rec) } end

if rec.state == 'sending' then interrupt(key, rec) end
rec.code, rec.message, rec.leaseUntil, rec.requestUntil = code, message, nil, nil
rec.cancel = nil -- where a person must look, that person decides
move(key, rec, state, code)
save_record(key, rec)
settle_batch()
return { 'applied', cjson.encode(rec) }
