-- refused records that BCE has refused a request for throttling, and lowers the rate of all workers unless it was lowered
-- since the request was admitted.
--
-- ARGV[2] = operation, ARGV[3] = bucket, ARGV[4] = the configured limit, as for take
-- ARGV[5] = when the request was admitted; '' if no rate applied
-- ARGV[6] = requests a second that the process sends, ARGV[7] = how many it has sent lately
-- ARGV[8] = code, ARGV[9] = message
-- KEYS[2] = workers of the lane
-- Returns 1 if it lowered the rate, 2 if that is the first time; and the rate.

local due, admitted, learned = load()
local rate, slowed = rate_of(learned)
local first = not slowed
if first then
  local workers = math.max(1, redis.call('HLEN', KEYS[2]))
  local sent = math.max(tonumber(ARGV[6]) * workers, LEAST)
  rate = math.min(rate or sent, sent)
  admitted = math.max(admitted, tonumber(ARGV[7]) * workers)
  learned = { rate = rate, at = 0, refused = 0, since = now }
else
  learned.refused = learned.refused * math.exp((learned.counted - now) / LATELY)
  learned.admitted = learned.admitted - 1
end
learned.refused, learned.counted = learned.refused + 1, now
admitted = math.max(admitted - 1, 0)
learned.code, learned.message = ARGV[8], ARGV[9]

local function keep(answer)
  save(due, admitted, learned)
  return { answer, string.format('%.3f', rate_of(learned)) }
end

local tolerated = learned.refused / (learned.refused + admitted) < TOLERATED
if first and tolerated then
  learned.at, learned.admitted, learned.used, learned.last = now, 0, hold_of(learned), now
  return keep(0)
end
if not first and (tolerated or (tonumber(ARGV[5]) or 0) <= learned.at) then return keep(0) end

local function estimate()
  if first then return 0.7 * rate end
  local since = (now - learned.at) / 1000
  local accepted = learned.admitted / since
  local lately = admitted / (LATELY / 1000)
  if rate <= learned.rate then -- it was not growing: the estimate was too high, or the limit is lower now
    return math.min(0.93 * learned.rate, math.max(accepted, (since < 1 and 0.5 or 0.8) * learned.rate))
  end
  return math.max(accepted, learned.rate, 0.75 * math.min(rate, lately)) -- the last, if the limit was raised
end

learned.rate = math.max(math.min(rate, estimate()), math.min(LEAST, rate))
learned.at, learned.admitted, learned.used, learned.last, learned.refused = now, 0, 0, now, 0
due = now + 1000 / learned.rate
return keep(first and 2 or 1)
