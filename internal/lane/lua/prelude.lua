-- Shared by every script about a lane; it is put in front of each. All get the same keys in the same
-- order, in one slot of a Redis Cluster.
--
--   KEYS[1]  havip:lane:{ACCOUNT/REGION}:holds  hash, with the fields
--
--     lane            the hold of the whole lane; JSON, changed only here
--     subnet:<id>     the hold of one subnet, alike
--     epoch           counts the holds that opened and the clears; tells before from after
--     cleared         the last clear: its epoch, its ticket, and the holds that it ended
--
-- A hold:
--
--   target, subnetId, code, message   what is held, and BCE's own reason
--   since, failures                   when it opened; how many requests proved it since
--   probeAt                           from when on one request may try
--   probe, probeUntil                 the ticket of the request that tries now, and how long
--                                     it keeps others from trying
--   epoch                             the epoch that its opening began
--   trippedBy                         the ticket of the request that last proved it
--
-- A ticket is unique to an admitted request.
--
--   KEYS[2]  havip:lane:{ACCOUNT/REGION}:operator  hash, with the fields
--
--     pause           a hold alike, by a person: no request tries, and only a person ends it; JSON
--     limit           the rate that a person has set for the fleet; JSON
--     limits          counts the limits that were set
--
--   KEYS[3]  havip:lane:{ACCOUNT/REGION}:log      stream  what persons did, and what was held back, capped
--   KEYS[4]  havip:lane:{ACCOUNT/REGION}:workers  hash  worker -> the rate that it was started with, and
--                                                       when it last said so; JSON
--
-- ARGV[1] is the time in Unix milliseconds, or 0 for
-- Redis's own clock: one clock for a whole fleet of workers.

local HOLDS, OPERATOR, LOG, WORKERS = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

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
  local text = redis.call('HGET', HOLDS, field)
  if not text then return nil end
  local value = cjson.decode(text)
  for _, name in ipairs({ 'probeAt', 'probeUntil' }) do
    if value[name] and value[name] - now > FARTHEST then value[name] = now end
  end
  return value
end

local function save(field, value)
  local text = cjson.encode(value)
  redis.call('HSET', HOLDS, field, text)
  redis.call('PEXPIRE', HOLDS, KEPT)
  return text
end

-- The newest entries kept of a lane's log, approximately.
local LOG_KEPT = 1000

-- log writes a person's command on the lane, or BCE's reason for a suspension, to the log.
local function log(kind, by, reason, detail, ticket)
  redis.call('XADD', LOG, 'MAXLEN', '~', LOG_KEPT, '*', 'kind', kind, 'at', string.format('%d', now),
    'by', by, 'reason', reason, 'detail', detail, 'ticket', ticket)
end

local function next_epoch()
  return redis.call('HINCRBY', HOLDS, 'epoch', 1)
end

-- log_hold logs that a suspension began or ended.
local function log_hold(kind, hold, ticket)
  local reason = hold.message ~= '' and hold.code .. ': ' .. hold.message or hold.code
  log(kind, '', reason, hold.subnetId ~= '' and 'subnet ' .. hold.subnetId or 'lane', ticket)
end

local function is_hold(field)
  return field == 'lane' or string.sub(field, 1, 7) == 'subnet:'
end
