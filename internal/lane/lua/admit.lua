-- admit decides whether one request may be sent now, and admits one probe of a suspension at a time.
--
-- ARGV[2] = ticket of the request: repeating the call after a lost reply gives the same answer
-- ARGV[3] = lease in ms: how long the request, if it is a probe, keeps others from probing
-- ARGV[4] = 1: do not wait for the back-off (a fresh process tries once); otherwise 0
-- ARGV[5] = how long in ms requests of other subnets may try a due lane before one whose subnet is held
-- ARGV[6…] = fields that could hold it back, the one to name first in a refusal first
-- Returns verdict, wait in ms, hold, epoch, number of all holds of the lane:
--
--   open    nothing holds it; see open.lua
--   probe   it is the one that tries; every hold in its way is due
--   held    the hold named keeps it back; ask again after the wait. A held subnet is named also where
--           the lane is what the request would have to wait for: it must not wait in front of others

-- A person ends a pause whenever they like, so it is asked about as often as may be.
local PAUSE_ASKED = 1000

local ticket, lease, eager = ARGV[2], tonumber(ARGV[3]), ARGV[4] == '1'
local others_first = tonumber(ARGV[5])

local function wait_of(hold)
  if hold.probe == ticket then return 0 end
  if hold.probe and now < hold.probeUntil then return hold.probeUntil - now end
  if eager or now >= hold.probeAt then return 0 end
  return hold.probeAt - now
end

local pause = redis.call('HGET', OPERATOR, 'pause')

local function answer(verdict, wait, hold)
  local all = redis.call('HLEN', HOLDS) + (pause and 1 or 0)
    - redis.call('HEXISTS', HOLDS, 'epoch') - redis.call('HEXISTS', HOLDS, 'cleared')
  return { verdict, wait, hold or '', tonumber(redis.call('HGET', HOLDS, 'epoch') or 0), all }
end

if pause then return answer('held', PAUSE_ASKED, pause) end

local fields, holds = {}, {}
for i = 6, #ARGV do
  local hold = load(ARGV[i])
  if hold then
    local wait = wait_of(hold)
    if #holds > 0 and not eager and hold.probe ~= ticket then
      wait = math.max(wait, hold.probeAt + others_first - now)
    end
    if wait > 0 then return answer('held', wait, cjson.encode(holds[1] or hold)) end
    fields[#fields + 1] = ARGV[i]
    holds[#holds + 1] = hold
  end
end

local text
for i, hold in ipairs(holds) do
  if hold.probe ~= ticket then
    hold.probe, hold.probeUntil = ticket, now + lease
  end
  text = save(fields[i], hold)
end
return answer('probe', 0, text)
