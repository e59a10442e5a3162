-- Shared by the scripts about the rate of a lane's requests, which it precedes.
--
--   KEYS[1]  havip:lane:{ACCOUNT/REGION}:rate  hash, with the fields
--
--     OPERATION#BUCKET  when the next request is due, and how many were admitted lately; see take.lua
--     OPERATION         what refusals for throttling have taught about BCE's own limit; JSON; absent while there were none
--
-- What was learned:
--
--   rate             an estimate of BCE's limit, in requests a second
--   at               when it was lowered last: requests admitted before say nothing about it
--   admitted         the requests admitted since, without the refused
--   used, last       the time that requests have used the rate since, and the last admission: an idle lane learns nothing
--   refused          the requests refused lately, and when that was counted
--   since            when BCE first refused a request
--   code, message    BCE's latest reason
--
-- The rate stays a little below the estimate for a while, and then grows, slowly at first and ever faster: BCE is tried
-- once in about 30 requests, and a limit that was raised tenfold is found three seconds later. After a refusal, the
-- estimate is what BCE accepted since it was lowered last. Refusals of less than a twentieth of the requests change
-- nothing: they are not a limit.
--
-- ARGV[1] is the time in Unix milliseconds, or 0 for Redis's own clock: one clock for all workers.

local BELOW = 0.97                      -- of the estimate, before the rate grows
local HOLD, HOLD_REQUESTS = 5000, 25    -- the rate grows after this time, or the time of so many requests if that is longer
local LONGEST_HOLD = 60000
local GROWTH = 0.5                      -- the rate is this larger after a second, 8 times this after 2, 27 times this after 3
local SLOW = 5                          -- requests a second; below, the rate grows more slowly
local LATELY = 2000                     -- requests are counted with a weight that falls to 1/e within this time
local TOLERATED = 0.05                  -- the share of refused requests that is no limit
local LEAST = 1                         -- requests a second, unless the limit that is set is lower

-- No rate requires such a wait, in ms: Redis's clock was set back.
local CLOCK_SET_BACK = 3600 * 1000
-- The state of a lane without requests expires after this time.
local KEPT = 24 * 3600 * 1000

local function clock()
  local given = tonumber(ARGV[1])
  if given > 0 then return given end
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + tonumber(t[2]) / 1000
end

local now = clock()
local operation, bucket, ceiling = ARGV[2], ARGV[2] .. '#' .. ARGV[3], tonumber(ARGV[4])

-- load returns the time that the next request is due, the number of requests admitted lately and when it was counted, and
-- what was learned. Times ahead of a clock that was set back count as now.
local function load()
  local fields = redis.call('HMGET', KEYS[1], bucket, operation)
  local due, admitted, counted = 0, 0, now
  if fields[1] then
    due, admitted, counted = string.match(fields[1], '^(%S+) (%S+) (%S+)$')
    due, admitted, counted = tonumber(due), tonumber(admitted), math.min(tonumber(counted), now)
  end
  local learned = fields[2] and cjson.decode(fields[2]) or nil
  if learned then
    for _, name in ipairs({ 'at', 'last', 'counted' }) do learned[name] = math.min(learned[name], now) end
  end
  return due, admitted * math.exp((counted - now) / LATELY), learned
end

local function save(due, admitted, learned)
  redis.call('HSET', KEYS[1], bucket, string.format('%.1f %.4f %.1f', due, admitted, now))
  if learned then redis.call('HSET', KEYS[1], operation, cjson.encode(learned)) end
  redis.call('PEXPIRE', KEYS[1], KEPT)
end

local function hold_of(learned)
  return math.min(math.max(HOLD, HOLD_REQUESTS * 1000 / learned.rate), LONGEST_HOLD)
end

-- rate_of returns the rate that applies, nil for none, and whether it is a learned one.
local function rate_of(learned)
  local limit = ceiling > 0 and ceiling or nil
  if not learned then return limit, false end
  local growing = math.max(learned.used - hold_of(learned), 0) / 1000 * math.min(1, learned.rate / SLOW)
  local rate = learned.rate * (BELOW + GROWTH * growing ^ 3)
  if limit and rate >= limit then return limit, false end
  if not limit and growing > 10 then return nil, false end
  return rate, true
end
