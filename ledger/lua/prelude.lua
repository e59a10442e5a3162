-- Shared by every script of the ledger; it is put in front of each.
--
-- All keys of a batch share one hash tag, so that a transition is one atomic script on
-- one Redis Cluster slot. Every script is given the same keys in the same order:
--
--   KEYS[1]  havip:{B}:batch     hash    the batch's facts and counters ("n:<state>")
--   KEYS[2]  havip:{B}:specs     hash    key -> what was asked for; frozen when registered
--   KEYS[3]  havip:{B}:records   hash    key -> what became of it; JSON, changed only here
--   KEYS[4]  havip:{B}:attempts  hash    <send>:<key>, d<try>:<key> -> one request and its outcome
--   KEYS[5]  havip:{B}:order     list    keys in the order they were registered
--   KEYS[6]  havip:{B}:open      zset    items that are not finished, by last change (ms)
--   KEYS[7]  havip:{B}:events    stream  what happened, capped
--   KEYS[8]  havip:{B}:acts      list    what persons did to the batch; JSON, capped
--   KEYS[9]  havip:{B}:doubts    zset    unfinished items in doubt, by since when (ms)
--
-- ARGV[1] is the time in Unix milliseconds, or 0 for Redis's own clock: one clock for a
-- whole fleet of workers, so that leases do not depend on theirs.

local BATCH, SPECS, RECORDS, ATTEMPTS = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local ORDER, OPEN, EVENTS, ACTS, DOUBTS = KEYS[5], KEYS[6], KEYS[7], KEYS[8], KEYS[9]

-- The newest events kept for a batch, approximately.
local EVENTS_KEPT = 10000

local TERMINAL = {
  created = true, adopted = true, rejected = true,
  review = true, canceled = true, deleted = true,
}

-- Of these a batch has only so many before it is held; see line.
local FAILED = { rejected = true, review = true }
local count_failure

local function clock()
  local given = tonumber(ARGV[1])
  if given > 0 then return given end
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

local now = clock()

local function load_record(key)
  local text = redis.call('HGET', RECORDS, key)
  if not text then return nil end
  return cjson.decode(text)
end

-- load_records reads those of the keys that have a record, by key.
local function load_records(keys)
  local records = {}
  for i, text in ipairs(redis.call('HMGET', RECORDS, unpack(keys))) do
    if text then records[keys[i]] = cjson.decode(text) end
  end
  return records
end

local function save_record(key, rec)
  rec.updatedAt = now
  redis.call('HSET', RECORDS, key, cjson.encode(rec))
  if rec.unknown and not TERMINAL[rec.state] then
    redis.call('ZADD', DOUBTS, rec.unknownSince - (rec.offset or 0), key) -- by our clock
  else
    redis.call('ZREM', DOUBTS, key)
  end
end

-- batch_exists tells a batch from what forget leaves of one.
local function batch_exists() return redis.call('HEXISTS', BATCH, 'createdAt') == 1 end

-- is_forgotten reports whether an outcome is of a request of before the batch was forgotten.
local function is_forgotten(outcome)
  return outcome.gen and outcome.gen <= tonumber(redis.call('HGET', BATCH, 'past') or 0)
end

-- note_generation keeps the highest generation that an item of the batch has come to.
local function note_generation(gen)
  if gen > tonumber(redis.call('HGET', BATCH, 'gen') or 1) then redis.call('HSET', BATCH, 'gen', gen) end
end

local function count(name, by)
  redis.call('HINCRBY', BATCH, name, by)
end

-- event appends to the batch's stream. Values must be strings or numbers.
local function event(kind, key, detail)
  redis.call('XADD', EVENTS, 'MAXLEN', '~', EVENTS_KEPT, '*',
    'kind', kind, 'key', key, 'at', string.format('%d', now), 'detail', detail)
end

-- slim drops from a finished record what only its way there needed; the log of its requests keeps
-- it. A record is most of what an item costs.
local function slim(rec)
  rec.worker, rec.ticket, rec.leaseUntil, rec.firstSentAt, rec.enqueuedAt = nil, nil, nil, nil, nil
  rec.requestUntil, rec.offset, rec.renewedAt, rec.renewedFor, rec.refusedSince = nil, nil, nil, nil, nil
end

-- move changes the state of rec (not yet saved) and keeps counters, the open set and the
-- event stream in step. It is the only place where a state changes; an item's first comes with register.
local function move(key, rec, state, detail)
  local from = rec.state
  if from ~= state then
    if from then count('n:' .. from, -1) end
    count('n:' .. state, 1)
  end
  rec.state = state
  if TERMINAL[state] then
    redis.call('ZREM', OPEN, key)
    event(state, key, detail or '')
  else
    redis.call('ZADD', OPEN, now, key)
    if state == 'unknown' then event(state, key, detail or '') end
  end
  count_failure(rec, from, state)
end

-- withdraw cancels an item of which it is certain that nothing was created, for a person's reason.
local function withdraw(key, rec, why)
  rec.cancel, rec.unknown, rec.unknownSince, rec.lookup = nil, nil, nil, nil
  rec.firstFailedAt, rec.refusals = nil, nil
  rec.code, rec.message = 'Canceled', why ~= '' and why or nil
  slim(rec)
  move(key, rec, 'canceled', why)
end

-- keep tells of an item with a HaVIP, if a person wanted it canceled, that this came too late.
local function keep(key, rec)
  if not rec.cancel then return end
  rec.cancel = nil
  rec.message = 'not canceled: its HaVIP existed already'
  event('kept', key, rec.haVipId)
end

-- give_up_address ends the wait for the address of a HaVIP that is to go.
local function give_up_address(rec)
  if rec.addressGivenUp or (rec.ip and rec.ip ~= '') then return end
  rec.addressGivenUp = true
  count('addressPending', -1)
end

-- The newest notices kept that a batch owes; a receiver that is away for long misses the oldest.
local OWED_KEPT = 20

-- owed are the notices of completions that nobody was told of yet, oldest first.
local function owed()
  local text = redis.call('HGET', BATCH, 'owed')
  return text and cjson.decode(text) or {}
end

local function save_owed(notices)
  if #notices == 0 then
    redis.call('HDEL', BATCH, 'owed')
  else
    redis.call('HSET', BATCH, 'owed', cjson.encode(notices))
  end
end

-- give_up_notice keeps the last notice that was given up, for people.
local function give_up_notice(notice, why)
  notice.why = why
  redis.call('HSET', BATCH, 'gaveUp', cjson.encode(notice))
  event('notify-failed', '', string.format('completion %d, attempts %d: %s', notice.n, notice.attempts, why))
end

-- owe_notice owes whoever is to be told a notice of the batch's latest completion, as it stands now.
local function owe_notice()
  if redis.call('HEXISTS', BATCH, 'onComplete') == 0 then return end
  local notice, facts = { at = now, attempts = 0, counts = {} }, redis.call('HGETALL', BATCH)
  for i = 1, #facts, 2 do
    local state, value = facts[i]:match('^n:(.+)$'), tonumber(facts[i + 1])
    if state and value ~= 0 then notice.counts[state] = value end
    if facts[i] == 'total' then notice.total = value end
    if facts[i] == 'completions' then notice.n = value end
    if facts[i] == 'completedAt' then notice.at = value end
  end
  local notices = owed()
  if #notices > 0 and notices[#notices].n == notice.n then table.remove(notices) end
  table.insert(notices, notice)
  if #notices > OWED_KEPT then give_up_notice(table.remove(notices, 1), 'too many are owed') end
  save_owed(notices)
end

-- settle_batch notes the moment at which a committed batch has nothing left to do, once, and that a
-- notice of it is owed if somebody is to be told. Each such moment has a number.
local function settle_batch()
  redis.call('HSET', BATCH, 'updatedAt', string.format('%d', now))
  local facts = redis.call('HMGET', BATCH, 'committedAt', 'completedAt')
  if facts[1] and not facts[2] and redis.call('ZCARD', OPEN) == 0 then
    redis.call('HSET', BATCH, 'completedAt', string.format('%d', now))
    count('completions', 1)
    event('completed', '', '')
    owe_notice()
  end
end

-- doubt notes that BCE may have acted on a request sent at this time, by BCE's clock, which is what
-- ages a token there. Only the first such time counts, or that of a refusal before it: whether later
-- requests reached BCE, and so kept the token alive, is not known. What it made is no older than it.
local function doubt(rec, sent_at)
  rec.unknown = true
  rec.firstSentAt = rec.firstSentAt or sent_at
  rec.unknownSince = math.min(rec.unknownSince or rec.refusedSince or sent_at, sent_at)
end

-- close_entry writes an outcome into the log, unless the entry already has one. It reports whether it
-- wrote, when the request was sent, by BCE's clock as it was known, the class that it had, and the
-- generation that it was of.
local function close_entry(field, n, fields)
  local text = redis.call('HGET', ATTEMPTS, field)
  local attempt = text and cjson.decode(text) or { n = n }
  local sent_at = attempt.at and attempt.at + (attempt.offset or 0)
  local was = attempt.class
  if was ~= nil and was ~= 'sending' and was ~= 'interrupted' then return false, sent_at, was, attempt.gen end
  for name, value in pairs(fields) do attempt[name] = value end
  redis.call('HSET', ATTEMPTS, field, cjson.encode(attempt))
  return true, sent_at, was, attempt.gen
end

-- close_attempt is close_entry for send n of an item.
local function close_attempt(key, n, fields)
  return close_entry(string.format('%d:%s', n, key), n, fields)
end

-- deletion_field is where try n to delete an item's HaVIP is logged. No send has such a number.
local function deletion_field(key, n) return string.format('d%d:%s', n, key) end

-- close_deletion is close_entry for try n to delete an item's HaVIP.
local function close_deletion(key, n, fields)
  return close_entry(deletion_field(key, n), n, fields)
end

-- interrupt gives up the attempt in flight, whose lease is over: its worker died or lost Redis, and
-- whether BCE acted on that request, nobody knows.
local function interrupt(key, rec)
  close_attempt(key, rec.sends, { class = 'interrupted' })
  rec.attempts = rec.attempts + 1
  doubt(rec, rec.lastSentAt + (rec.offset or 0))
  rec.firstFailedAt = rec.firstFailedAt or now
  rec.class = 'interrupted'
end
