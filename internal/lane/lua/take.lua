-- take admits one request, or says how long to wait: the requests of all workers are spaced by the rate that applies. Up to
-- a burst of them may be sent at once, unless BCE has refused requests.
--
-- ARGV[2] = operation, ARGV[3] = bucket: each limit that an operator sets has its own
-- ARGV[4] = the configured limit in requests a second; 0 for none
-- ARGV[5] = burst
-- Returns the wait in ms, 0 if the request is admitted, and its permit: the time of its admission and its number.

local due, count, learned = load()
if learned and growing(learned, learned.used) > FORGOTTEN then learned = nil end
local _, slowed = rate_of(learned)

-- put returns a time at which a request is due: not later than possible, and not so much earlier that waiting requests that
-- asked a little late would be sent at once.
local function put(at, longest, interval)
  if at > now + math.max(longest, CLOCK_SET_BACK) then at = now end
  return math.max(at, now - math.min(interval, LATE))
end

local wait = 0
if ceiling < math.huge then
  local interval = 1000 / ceiling
  local ahead = slowed and 0 or (tonumber(ARGV[5]) - 1) * interval
  due.set = put(due.set, ahead + interval, interval)
  wait = due.set - ahead - now
  due.set = due.set + interval
end
if learned then
  local interval = 1000 / rate_after(learned, learned.used)
  local waited = now - due.learned < math.max(interval, 2 * LATE)
  due.learned = put(due.learned, interval, interval)
  wait = math.max(wait, due.learned - now)
  due.learned = due.learned + interval
  if waited then learned.used = learned.used + math.min(now - learned.last, 2 * interval) end
  learned.last = now
end
if wait > 0.05 then return { math.ceil(wait), '' } end

count.n, count.lately = count.n + 1, count.lately + 1
count.latest, count.refused = math.min(count.latest + 1, LATEST), count.refused * (1 - 1 / LATEST)
save(due, count, learned)
return { 0, string.format('%.1f %.0f', now, count.n) }
