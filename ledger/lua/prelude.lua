-- Shared by the scripts about a batch, except read. It precedes each, and follows change.
--
-- All keys of a batch share one hash tag, so that each script is atomic on
-- one Redis Cluster slot. Every script receives the same keys in the same order:
--
--   KEYS[1]  havip:{B}:batch     hash    the batch's facts and counters ("n:<state>")
--   KEYS[2]  havip:{B}:specs     hash    key -> the requested item; never changes
--   KEYS[3]  havip:{B}:records   hash    key -> its record; JSON
--   KEYS[4]  havip:{B}:attempts  hash    <send>:<key>, d<try>:<key> -> one request and its outcome
--   KEYS[5]  havip:{B}:order     list    keys in the order they were registered
--   KEYS[6]  havip:{B}:open      zset    items that are not finished, by last change (ms)
--   KEYS[7]  havip:{B}:events    stream  the batch's events, capped
--   KEYS[8]  havip:{B}:acts      list    operators' commands on the batch; JSON, capped
--   KEYS[9]  havip:{B}:unknown   zset    unfinished items of unknown outcome, by since when (ms)
--   KEYS[10] havip:{B}:unconfirmed  zset  items whose HaVIP BCE has not shown yet, by their next check (ms)
--
-- ARGV[1] is the time in Unix milliseconds, or 0 for Redis's own clock: one clock for all workers, so that the times of
-- records do not depend on theirs.

local BATCH, SPECS, RECORDS, ATTEMPTS = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local ORDER, OPEN, EVENTS, ACTS, UNKNOWN = KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9]

local function clock()
  local given = tonumber(ARGV[1])
  if given > 0 then return given end
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

local now = clock()

-- batch_exists distinguishes a batch from the remains of a deleted one.
local function batch_exists() return redis.call('HEXISTS', BATCH, 'createdAt') == 1 end

local function count(name, by)
  redis.call('HINCRBY', BATCH, name, by)
end

-- event appends to the batch's stream. Values must be strings or numbers.
local function event(kind, key, detail)
  redis.call('XADD', EVENTS, 'MAXLEN', '~', EVENTS_KEPT, '*',
    'kind', kind, 'key', key, 'at', string.format('%d', now), 'detail', detail)
end

-- The maximum number of pending notifications of a batch; a receiver that is unavailable for long misses the oldest.
local PENDING_KEPT = 20

-- pending_notifications returns the notifications that are not delivered yet, oldest first.
local function pending_notifications()
  local text = redis.call('HGET', BATCH, 'pendingNotifications')
  return text and cjson.decode(text) or {}
end

local function save_pending(notifications)
  if #notifications == 0 then
    redis.call('HDEL', BATCH, 'pendingNotifications')
  else
    redis.call('HSET', BATCH, 'pendingNotifications', cjson.encode(notifications))
  end
end

-- fail_notification keeps the last notification that finally failed, for display.
local function fail_notification(notification, why)
  notification.why = why
  redis.call('HSET', BATCH, 'failedNotification', cjson.encode(notification))
  event('notify-failed', '', string.format('completion %d, attempts %d: %s', notification.n, notification.attempts, why))
end

-- add_notification adds a notification of the batch's latest completion, with its current counts, if the batch has a URL.
local function add_notification()
  if redis.call('HEXISTS', BATCH, 'onComplete') == 0 then return end
  local notification, facts = { at = now, attempts = 0, counts = {} }, redis.call('HGETALL', BATCH)
  for i = 1, #facts, 2 do
    local state, value = facts[i]:match('^n:(.+)$'), tonumber(facts[i + 1])
    if state and value ~= 0 then notification.counts[state] = value end
    if facts[i] == 'total' then notification.total = value end
    if facts[i] == 'completions' then notification.n = value end
    if facts[i] == 'completedAt' then notification.at = value end
  end
  local notifications = pending_notifications()
  if #notifications > 0 and notifications[#notifications].n == notification.n then table.remove(notifications) end
  table.insert(notifications, notification)
  if #notifications > PENDING_KEPT then fail_notification(table.remove(notifications, 1), 'too many notifications are pending') end
  save_pending(notifications)
end

-- settle_batch records once that a committed batch is complete, and adds a notification if the batch has a URL. Each
-- completion has a number.
local function settle_batch()
  redis.call('HSET', BATCH, 'updatedAt', string.format('%d', now))
  local facts = redis.call('HMGET', BATCH, 'committedAt', 'completedAt')
  if facts[1] and not facts[2] and redis.call('ZCARD', OPEN) == 0 then
    redis.call('HSET', BATCH, 'completedAt', string.format('%d', now))
    count('completions', 1)
    event('completed', '', '')
    add_notification()
  end
end
