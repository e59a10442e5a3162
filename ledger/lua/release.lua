-- release lets an item go on whose task a dead worker held.
--
-- ARGV[2] = key
-- ARGV[3] = the dead worker
-- Returns verdict, record, spec, wait in ms:
--
--   applied   the item needs a task; no attempt of it can begin before the wait is over
--   finished  nothing is left to do for it
--   busy      another worker's attempt is in flight
--   absent    nobody registered this item
--
-- A lease is longer than a request, because its worker has to record the outcome as well. A dead
-- worker records nothing, so its lease ends with its request. It does not end sooner: a worker
-- that is only cut off from Redis looks dead too, while its request may still be under way.
-- What the request did is not judged here: begin, which comes next, counts it as interrupted.

local key, dead = ARGV[2], ARGV[3]

local rec = load_record(key)
if not rec then return { 'absent', '', '', 0 } end

local function answer(verdict, wait)
  return { verdict, cjson.encode(rec), redis.call('HGET', SPECS, key) or '', wait or 0 }
end

local exists = rec.state == 'created' or rec.state == 'adopted'
if exists and (not rec.ip or rec.ip == '') and not rec.addressGivenUp then
  return answer('applied') -- its address is still to be learnt
end
if TERMINAL[rec.state] then return answer('finished') end
local deleting = rec.state == 'deleting' and rec.leaseUntil
if rec.state ~= 'sending' and not deleting then return answer('applied') end
if rec.worker ~= dead then return answer('busy') end

if rec.requestUntil < rec.leaseUntil then
  rec.leaseUntil = rec.requestUntil
  save_record(key, rec)
end
return answer('applied', math.max(0, rec.leaseUntil - now))
