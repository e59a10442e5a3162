-- address notes the address that BCE chose for a created item, or ("" for the address) that
-- it could not be learnt, so that nobody waits for it any longer.
--
-- ARGV[2] = key, ARGV[3] = haVipId it belongs to, ARGV[4] = address
-- Returns applied, same (nothing to note) or absent (no such item with that haVipId).

local key, id, address = ARGV[2], ARGV[3], ARGV[4]
local rec = load_record(key)
if not rec or rec.haVipId ~= id then return 'absent' end
if rec.ip and rec.ip ~= '' then return 'same' end
if address == '' and rec.addressGivenUp then return 'same' end

if not rec.addressGivenUp then count('addressPending', -1) end
if address == '' then
  rec.addressGivenUp = true
else
  rec.ip, rec.addressGivenUp = address, nil
  event('address', key, address)
end
save_record(key, rec)
return 'applied'
