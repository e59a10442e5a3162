-- Shared by the scripts about a lane, which it precedes. All receive the same keys in the same order, in one
-- Redis Cluster slot.
--
--   KEYS[1]  havip:lane:{ACCOUNT/REGION}:suspensions  hash, with the fields
--
--     lane            the suspension of the whole lane; JSON
--     subnet:<id>     the suspension of one subnet; JSON
--     deletions       the suspension of all deletions; JSON
--     epoch           counts suspensions and clears, to order them
--     cleared         the last clear: its epoch, its ticket, and the suspensions that it ended
--
-- A suspension:
--
--   target, subnetId, code, message   what is suspended, and BCE's reason
--   quota                             whether that is a used-up quota
--   since, failures                   when it began; how many requests have confirmed it
--   probeAt                           when one request may probe
--   probe, probeUntil                 the ticket of the current probe, and how long it prevents
--                                     other probes
--   epoch                             the epoch that it began
--   trippedBy                         the ticket of the request that last confirmed it
--
-- A ticket is unique to an admitted request.
--
--   KEYS[2]  havip:lane:{ACCOUNT/REGION}:operator  hash, with the fields
--
--     pause           a suspension by an operator: nothing probes it, and only an operator ends it; JSON
--     limit           the rate that an operator set for all workers; JSON
--     limits          counts the limits that were set
--
--   KEYS[3]  havip:lane:{ACCOUNT/REGION}:log      stream  operators' commands and suspensions, capped
--   KEYS[4]  havip:lane:{ACCOUNT/REGION}:workers  hash  worker -> the rate that it was started with, and
--                                                       when it announced it last; JSON
--
-- ARGV[1] is the time in Unix milliseconds, or 0 for
-- Redis's own clock: one clock for all workers.

local SUSPENSIONS, OPERATOR, LOG, WORKERS = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

-- The state of a lane without requests expires after this time.
local KEPT = 30 * 24 * 3600 * 1000

local function clock()
  local given = tonumber(ARGV[1])
  if given > 0 then return given end
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

local now = clock()

-- No back-off is this long. A time that is further ahead was stored before a clock was set back, and counts as now.
local FARTHEST = 10 * 60 * 1000

local function load(field)
  local text = redis.call('HGET', SUSPENSIONS, field)
  if not text then return nil end
  local value = cjson.decode(text)
  for _, name in ipairs({ 'probeAt', 'probeUntil' }) do
    if value[name] and value[name] - now > FARTHEST then value[name] = now end
  end
  return value
end

local function save(field, value)
  local text = cjson.encode(value)
  redis.call('HSET', SUSPENSIONS, field, text)
  redis.call('PEXPIRE', SUSPENSIONS, KEPT)
  return text
end

-- The newest entries kept of a lane's log, approximately.
local LOG_KEPT = 1000

-- log writes an operator's command on the lane, or BCE's reason for a suspension, to the log.
local function log(kind, by, reason, detail, ticket)
  redis.call('XADD', LOG, 'MAXLEN', '~', LOG_KEPT, '*', 'kind', kind, 'at', string.format('%d', now),
    'by', by, 'reason', reason, 'detail', detail, 'ticket', ticket)
end

local function next_epoch()
  return redis.call('HINCRBY', SUSPENSIONS, 'epoch', 1)
end

-- log_suspension logs that a suspension began or ended.
local function log_suspension(kind, suspension, ticket)
  local reason = suspension.message ~= '' and suspension.code .. ': ' .. suspension.message or suspension.code
  log(kind, '', reason, suspension.subnetId ~= '' and 'subnet ' .. suspension.subnetId or suspension.target, ticket)
end

local function is_suspension(field)
  return field == 'lane' or field == 'deletions' or string.sub(field, 1, 7) == 'subnet:'
end
