-- trip opens a suspension ("hold" in the keys), or records that its probe failed and doubles the back-off.
--
-- Requests that were in flight together prove one fault, so they count once: while a hold
-- stands, only its own probe counts; and a request admitted before the last clear proves
-- nothing about what came after it.
--
-- ARGV[2] = ticket of the request that failed
-- ARGV[3] = epoch at which it was admitted
-- ARGV[4] = field
-- ARGV[5] = target, ARGV[6] = subnet, ARGV[7] = code, ARGV[8] = message
-- ARGV[9] = first back-off in ms, ARGV[10] = longest back-off in ms
-- ARGV[11] = jitter: the part of the back-off to wait, at most 1
-- Returns verdict, hold:
--
--   opened    there is a hold now, by this request
--   extended  the probe failed; the back-off is longer
--   known     the hold stands by other requests; nothing changed
--   stale     nothing is held, and the request is older than the last clear

local ticket, admitted, field = ARGV[2], tonumber(ARGV[3]), ARGV[4]

local function back_off(failures)
  local doubled = tonumber(ARGV[9]) * 2 ^ math.min(failures - 1, 20)
  return math.floor(math.min(doubled, tonumber(ARGV[10])) * tonumber(ARGV[11]))
end

local hold = load(field)
if hold and hold.trippedBy == ticket then
  return { hold.failures == 1 and 'opened' or 'extended', cjson.encode(hold) }
end
if hold and hold.probe ~= ticket then return { 'known', cjson.encode(hold) } end

local verdict = 'extended'
if not hold then
  local cleared = load('cleared')
  if cleared and admitted < cleared.epoch then return { 'stale', '' } end
  verdict = 'opened'
  hold = { target = ARGV[5], subnetId = ARGV[6], since = now, failures = 0, epoch = next_epoch() }
end
hold.code, hold.message = ARGV[7], ARGV[8]
hold.failures = hold.failures + 1
hold.probeAt = now + back_off(hold.failures)
hold.probe, hold.probeUntil = nil, nil
hold.trippedBy = ticket
if verdict == 'opened' then log_hold('held', hold, ticket) end
return { verdict, save(field, hold) }
