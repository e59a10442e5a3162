-- Shared by the scripts about the rate of a lane's requests, which it precedes.
--
--   KEYS[1]  havip:lane:{ACCOUNT/REGION}:rate  hash, with the fields
--
--     OPERATION#BUCKET  when the next request is due under the limit that is set
--     OPERATION#due     when it is due at the rate that was learned
--     OPERATION#count   how many requests were admitted, and how many were refused; see load
--     OPERATION         what refusals for throttling have taught about BCE's own limit; JSON; absent while there were none
--
-- What was learned:
--
--   rate             an estimate of BCE's limit, in requests a second
--   n, at            how many requests had been admitted when it was lowered last, and the time: what was admitted before says
--                    nothing about it
--   refused          the requests refused since, of those admitted since
--   used, last       the time that requests have used the rate since, and the last admission: an idle lane learns nothing
--   delay            how long refusals take to arrive
--   known            the rate before BCE refused everything, for a while; absent if it did not
--   since            when the rate was lowered first
--   code, message    BCE's latest reason
--
-- For a while, the rate stays a little below the estimate. Then it grows, slowly at first and ever faster, until BCE refuses
-- a request: it is tried once in 40 requests or more, and a limit that was raised tenfold is found three seconds later.
-- What BCE accepts between two such refusals is its limit, whatever it lets through at once.
--
-- ARGV[1] is the time in Unix milliseconds, or 0 for Redis's own clock: one clock for all workers.

local BELOW = 0.97             -- of the estimate, before the rate grows
local LEAST = 0.2              -- requests a second, unless the limit that is set is lower
-- The rate grows after the longest of these: a time, the time of so many requests, and so many times the delay.
local STEADY, STEADY_REQUESTS, STEADY_DELAYS, LONGEST_STEADY = 5000, 40, 10, 60000
local GROWTH = 0.5             -- the rate is this larger after a second, 8 times this after 2, 27 times this after 3
local SLOW, PROMPT = 5, 100    -- it grows more slowly below this rate, and if refusals take longer than this to arrive, in ms
local LONGEST_DELAY = 2000     -- longer delays are counted as this one, and each as half of it after another HALF_LIFE
local HALF_LIFE = 30000
local FORGOTTEN = 10000        -- what was learned is forgotten when the rate has grown for so long, in ms
-- While the rate does not grow, it is lowered if, of the latest requests, at least so many and this share were refused: others are no limit.
local LATEST, REFUSALS, SHARE = 100, 3, 0.03
-- A limit may be one for each second: within the same second, a refusal only makes the next request wait.
local SECOND, PAUSE = 1000, 100
local SHOWN = 2000             -- the rate that is used is counted over about this time

-- No request is due later than this, in ms, unless the limit is very low: Redis's clock was set back.
local CLOCK_SET_BACK = 10000
local LATE = 10 -- how late a waiting request may ask, in ms, without a loss of rate
-- What is not used for so long expires, in ms.
local KEPT = 24 * 3600 * 1000

local function clock()
  local given = tonumber(ARGV[1])
  if given > 0 then return given end
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + tonumber(t[2]) / 1000
end

local now = clock()
local operation, bucket, ceiling = ARGV[2], ARGV[2] .. '#' .. ARGV[3], tonumber(ARGV[4])
if ceiling <= 0 then ceiling = math.huge end

-- What is in Redis is not trusted: what is no finite number counts as absent.
local function number(value)
  local n = tonumber(value or '')
  return n and n == n and math.abs(n) < math.huge and n or nil
end

local function numbers(text, names)
  local values, rest = {}, text or ''
  for _, name in ipairs(names) do
    local word, after = string.match(rest, '^(%S+) ?(.*)$')
    values[name], rest = number(word) or 0, after or ''
  end
  return values
end

local function decode(text)
  local ok, learned = pcall(cjson.decode, text or '')
  if not ok or type(learned) ~= 'table' then return nil end
  for _, name in ipairs({ 'rate', 'n', 'at', 'refused', 'used', 'last', 'delay', 'since' }) do
    if type(learned[name]) ~= 'number' or not number(learned[name]) then return nil end
  end
  if learned.known ~= nil and not number(learned.known) then return nil end
  return learned.rate > 0 and learned or nil
end

-- load returns when the next request is due, under the limit that is set and at the learned rate; the counts; and what was learned. Times ahead of a clock that was set back count as now.
--
--   n              requests admitted
--   at, lately     when requests were counted last, and how many of them were admitted in about SHOWN
--   latest         the latest requests, at most LATEST, since the rate was lowered; and how many of them were refused
local stored = false -- whether anything learned is stored

local function load()
  local fields = redis.call('HMGET', KEYS[1], bucket, operation .. '#due', operation .. '#count', operation)
  local due = { set = number(fields[1]) or 0, learned = number(fields[2]) or 0 }
  local count = numbers(fields[3], { 'n', 'at', 'lately', 'latest', 'refused' })
  count.at = math.min(count.at, now)
  count.lately = count.lately * math.exp((count.at - now) / SHOWN)
  local learned = decode(fields[4])
  stored = fields[4] ~= false
  if learned then
    for _, name in ipairs({ 'at', 'last', 'since' }) do learned[name] = math.min(learned[name], now) end
    learned.n = math.min(learned.n, count.n)
  end
  return due, count, learned
end

local function save(due, count, learned)
  redis.call('HSET', KEYS[1], bucket, string.format('%.1f', due.set), operation .. '#due', string.format('%.1f', due.learned), operation .. '#count',
    string.format('%.0f %.1f %.4f %.0f %.4f', count.n, now, count.lately, count.latest, count.refused))
  if learned then
    redis.call('HSET', KEYS[1], operation, cjson.encode(learned))
  elseif stored then
    redis.call('HDEL', KEYS[1], operation)
  end
  redis.call('PEXPIRE', KEYS[1], KEPT)
end

-- growing returns for how long the rate has grown when it had been used for a time, in ms; less if it must grow more slowly.
local function growing(learned, used)
  local delay = learned.delay * 0.5 ^ ((now - learned.at) / HALF_LIFE)
  local steady = math.max(STEADY, STEADY_DELAYS * delay)
  local speed = math.min(1, PROMPT / math.max(delay, 1))
  if learned.rate > (learned.known or 0) / 2 then
    steady = math.max(steady, STEADY_REQUESTS * 1000 / learned.rate)
    speed = math.min(speed, math.max(learned.rate, 1) / SLOW)
  end
  return math.max(used - math.min(steady, LONGEST_STEADY), 0) * speed
end

-- rate_after returns the rate that was learned, when it had been used for a time.
local function rate_after(learned, used)
  return learned.rate * (BELOW + GROWTH * (growing(learned, used) / 1000) ^ 3)
end

-- rate_of returns the rate that applies, math.huge for none, and whether it is a learned one.
local function rate_of(learned)
  local rate = learned and rate_after(learned, learned.used) or math.huge
  return math.min(rate, ceiling), rate < ceiling
end

local function shown(rate)
  return rate < math.huge and string.format('%.6g', rate) or ''
end
