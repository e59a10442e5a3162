-- trip opens a suspension, or records that its probe failed and doubles the back-off.
--
-- Requests that were in flight together prove one fault, so they count once: during a suspension, only its own probe
-- counts; and a request that was admitted before the last clear proves nothing about the time after it.
--
-- ARGV[2] = ticket of the request that failed
-- ARGV[3] = epoch at which it was admitted
-- ARGV[4] = field
-- ARGV[5] = target, ARGV[6] = subnet, ARGV[7] = code, ARGV[8] = message
-- ARGV[9] = first back-off in ms, ARGV[10] = maximum back-off in ms
-- ARGV[11] = jitter: the fraction of the back-off to wait, at most 1
-- ARGV[12] = 1 if the code is a used-up quota's
-- Returns verdict, suspension:
--
--   opened    this request opened the suspension
--   extended  the probe failed; the back-off is longer
--   known     other requests opened it; nothing changed
--   stale     nothing is suspended, and the request is older than the last clear

local ticket, admitted, field = ARGV[2], tonumber(ARGV[3]), ARGV[4]

local function back_off(failures)
  local doubled = tonumber(ARGV[9]) * 2 ^ math.min(failures - 1, 20)
  return math.floor(math.min(doubled, tonumber(ARGV[10])) * tonumber(ARGV[11]))
end

local suspension = load(field)
if suspension and suspension.trippedBy == ticket then
  return { suspension.failures == 1 and 'opened' or 'extended', cjson.encode(suspension) }
end
if suspension and suspension.probe ~= ticket then return { 'known', cjson.encode(suspension) } end

local verdict = 'extended'
if not suspension then
  local cleared = load('cleared')
  if cleared and admitted < cleared.epoch then return { 'stale', '' } end
  verdict = 'opened'
  suspension = { target = ARGV[5], subnetId = ARGV[6], since = now, failures = 0, epoch = next_epoch() }
end
suspension.code, suspension.message = ARGV[7], ARGV[8]
suspension.quota = ARGV[12] == '1' or nil
suspension.failures = suspension.failures + 1
suspension.probeAt = now + back_off(suspension.failures)
suspension.probe, suspension.probeUntil = nil, nil
suspension.trippedBy = ticket
if verdict == 'opened' then log_suspension('suspended', suspension, ticket) end
return { verdict, save(field, suspension) }
