-- admit decides whether one request may be sent now, and admits one probe of a suspension at a time.
--
-- ARGV[2] = ticket of the request: a call that is repeated after a lost reply returns the same
-- ARGV[3] = lease in ms: how long the request, if it is a probe, prevents other probes
-- ARGV[4] = what the request is exempt from: 'eager' waits for no back-off (a fresh process tries once), 'noquota' for no
--           suspension of the lane for its quota; both, or '' for neither
-- ARGV[5] = how long in ms requests of other subnets may probe a due lane before one of a suspended subnet
-- ARGV[6…] = fields of suspensions that apply to the request; a refusal returns the first
-- Returns verdict, wait in ms, suspension, epoch, number of all suspensions of the lane:
--
--   open       nothing is suspended; see open.lua
--   probe      the request is a probe; every suspension that applies is due
--   part       the request is a probe, and the lane is suspended for a quota that it does not need
--   suspended  the returned suspension refuses it; ask again after the wait. A suspended subnet is returned even
--              if the lane's suspension takes longer, so that the request does not wait before others

-- An operator may end a pause at any time, so it is polled often.
local PAUSE_POLL = 1000

local ticket, lease = ARGV[2], tonumber(ARGV[3])
local eager, noquota = string.find(ARGV[4], 'eager', 1, true), string.find(ARGV[4], 'noquota', 1, true)
local others_first = tonumber(ARGV[5])

local function wait_of(suspension)
  if suspension.probe == ticket then return 0 end
  if suspension.probe and now < suspension.probeUntil then return suspension.probeUntil - now end
  if eager or now >= suspension.probeAt then return 0 end
  return suspension.probeAt - now
end

local pause = redis.call('HGET', OPERATOR, 'pause')

local function answer(verdict, wait, suspension)
  local all = redis.call('HLEN', SUSPENSIONS) + (pause and 1 or 0)
    - redis.call('HEXISTS', SUSPENSIONS, 'epoch') - redis.call('HEXISTS', SUSPENSIONS, 'cleared')
  return { verdict, wait, suspension or '', tonumber(redis.call('HGET', SUSPENSIONS, 'epoch') or 0), all }
end

if pause then return answer('suspended', PAUSE_POLL, pause) end

local fields, suspensions, exempt = {}, {}, false
for i = 6, #ARGV do
  local suspension = load(ARGV[i])
  if suspension and suspension.quota and noquota then
    exempt = true
  elseif suspension then
    local wait = wait_of(suspension)
    if #suspensions > 0 and not eager and suspension.probe ~= ticket then
      wait = math.max(wait, suspension.probeAt + others_first - now)
    end
    if wait > 0 then return answer('suspended', wait, cjson.encode(suspensions[1] or suspension)) end
    fields[#fields + 1] = ARGV[i]
    suspensions[#suspensions + 1] = suspension
  end
end

if #suspensions == 0 then return answer('open', 0) end
local text
for i, suspension in ipairs(suspensions) do
  if suspension.probe ~= ticket then
    suspension.probe, suspension.probeUntil = ticket, now + lease
  end
  text = save(fields[i], suspension)
end
return answer(exempt and 'part' or 'probe', 0, text)
