-- take admits one request, or says how long to wait: the requests of all workers are spaced by the rate that applies. Up to
-- a burst of them may be sent at once, unless BCE has refused requests.
--
-- ARGV[2] = operation, ARGV[3] = bucket: each limit that an operator sets has its own
-- ARGV[4] = the configured limit in requests a second; 0 for none
-- ARGV[5] = burst
-- Returns the wait in ms, 0 if the request is admitted, and the time of its admission.

local due, admitted, learned = load()
local rate, slowed = rate_of(learned)
if learned and not slowed then
  redis.call('HDEL', KEYS[1], operation)
  learned = nil
end
if not rate then return { 0, '' } end

local interval = 1000 / rate
local ahead = slowed and 0 or (tonumber(ARGV[5]) - 1) * interval
if due - now > math.max(CLOCK_SET_BACK, 2 * (ahead + interval)) then due = 0 end
due = math.max(due, now)
local wait = due - ahead - now
if wait > 0.05 then return { math.ceil(wait), '' } end

if learned then
  learned.used = learned.used + math.min(now - learned.last, math.max(1000, 2 * interval))
  learned.last, learned.admitted = now, learned.admitted + 1
end
save(due + interval, admitted + 1, learned)
return { 0, string.format('%.1f', now) }
