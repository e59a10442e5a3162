-- refused records that BCE has refused a request for throttling, and lowers the rate of all workers, unless it was lowered
-- since the request was admitted, or so few requests were refused that they are no limit.
--
-- ARGV[2] = operation, ARGV[3] = bucket, ARGV[4] = the configured limit, as for take
-- ARGV[5] = the request's permit; '' if no rate applied
-- ARGV[6] = requests a second that the process sends
-- ARGV[7] = code, ARGV[8] = message
-- KEYS[2] = workers of the lane
-- Returns 1 if it lowered the rate, 2 if that is the first time; and the rate.

local due, count, learned = load()
local rate, slowed = rate_of(learned)
local permit = numbers(ARGV[5], { 'admitted', 'n' })
local delay = math.min(math.max(now - permit.admitted, 0), LONGEST_DELAY)

-- The rate at which all workers send; it is not counted here if there was no rate.
local sent = tonumber(ARGV[6]) * math.max(1, redis.call('HLEN', KEYS[2]))
if permit.n == 0 then
  delay = 0
  count.latest = math.max(count.latest, sent * 5 * SHOWN / 1000)
  count.refused = count.refused * math.exp((count.at - now) / (5 * SHOWN))
end
count.refused = count.refused + 1

local function keep(answer)
  save(due, count, learned)
  return { answer, shown(rate_of(learned)) }
end

if learned then
  learned.code, learned.message = ARGV[7], ARGV[8]
  if permit.n <= learned.n then return keep(0) end
  learned.refused = learned.refused + 1
  if permit.admitted < learned.at + SECOND then
    due.learned = math.max(due.learned, now + PAUSE)
    return keep(0)
  end
end

-- What was admitted within the delay has no answer yet. It counts for nothing here.
local used = learned and math.max(learned.used - delay, learned.used / 2)
local grown = learned and growing(learned, used) > 0
-- A refusal is the limit if the rate had grown, and none was refused before it grew.
local alone = grown and learned.refused <= 2
if not alone and (count.refused < 0.9 * REFUSALS or count.refused < SHARE * count.latest) then return keep(0) end

local accepted = learned and math.max(permit.n - learned.n - learned.refused, 0)
-- estimate returns the limit of BCE that explains what it accepted since the rate was lowered.
local function estimate()
  if not learned then return 0.7 * math.min(rate, math.max(sent, LEAST)) end
  local then_rate = rate_after(learned, used)
  if not grown then -- the estimate was too high, or the limit is lower now
    local since = math.max(permit.admitted - learned.at, 1) / 1000
    return math.min(0.93 * learned.rate, math.max(accepted / since, (since > 3 and 0.8 or 0.3) * learned.rate))
  end
  local mean = accepted / math.max(used / 1000, 0.001)
  -- More than a limit lets through in advance: it was raised.
  if accepted - learned.rate * used / 1000 > 1.5 * learned.rate then mean = math.max(mean, 0.75 * then_rate) end
  return math.min(math.max(mean, learned.rate), then_rate)
end

local known = accepted == 0 and math.max(learned.known or 0, learned.rate) or nil
local lowest = math.min(LEAST / BELOW, ceiling)
local first = not slowed
learned = {
  rate = math.max(estimate(), lowest), n = count.n, at = now, refused = 0, used = 0, last = now, known = known,
  delay = math.max(delay, 0.9 * (learned and learned.delay or 0)), since = slowed and learned.since or now,
  code = ARGV[7], message = ARGV[8],
}
count.latest, count.refused = 0, 0
due.learned = now + math.max(1000 / learned.rate, PAUSE)
return keep(first and 2 or 1)
