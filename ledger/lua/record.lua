-- record enters the outcome of one sent request, once.
--
-- ARGV[2] = key
-- ARGV[3] = number of the send (record.sends when it began)
-- ARGV[4] = outcome, JSON:
--             state       where the item goes if this send is its latest
--             class       what the outcome proved
--             counted     true when it counts as an attempt
--             unknown     true when BCE may have acted on it
--             lookup      true when nothing may be sent before the HaVIP was looked for
--             status, code, message, requestId, ms   as answered
--             haVipId, ip what exists, when state is created
--             gen         the item's generation when it began
--             ticket      that of the request; without one its number alone tells it from others
-- Returns verdict, record:
--
--   applied  the item moved; where a person wants it canceled, and it is certain now that nothing was
--            created, to canceled
--   same     this outcome was recorded before
--   late     a later send or a terminal state stands; only the attempt's log was written, and the
--            doubt, where the outcome leaves one and the item has no haVipId
--   extra    the item already has another haVipId: this one belongs to nobody
--   gone     it is of before the batch was forgotten; nothing was written
--   absent   nobody registered this item

local key, n = ARGV[2], tonumber(ARGV[3])
local outcome = cjson.decode(ARGV[4])

local rec = load_record(key)
if not rec then return { 'absent', '' } end

local function answer(verdict) return { verdict, cjson.encode(rec) } end
if is_forgotten(outcome) then return answer('gone') end

local wrote, sent_at, was, gen = close_attempt(key, n, {
  class = outcome.class, status = outcome.status, code = outcome.code,
  message = outcome.message, requestId = outcome.requestId, ms = outcome.ms,
  haVipId = outcome.haVipId,
})

-- suspect notes the doubt that the outcome leaves. Redis may have lost that this request was begun, or
-- that any was. It ended just now, then.
local function suspect()
  rec.lastSentAt = rec.lastSentAt or now
  doubt(rec, sent_at or rec.lastSentAt + (rec.offset or 0))
end

local proof = outcome.state == 'created'
local was_sending = rec.state == 'sending'
local has_id = rec.haVipId and rec.haVipId ~= ''

if proof and has_id then
  if rec.haVipId == outcome.haVipId then return answer('same') end
  rec.extras = rec.extras or {} -- each is told once
  for _, id in ipairs(rec.extras) do
    if id == outcome.haVipId then return answer('extra') end
  end
  table.insert(rec.extras, outcome.haVipId)
  event('extra', key, outcome.haVipId)
  save_record(key, rec)
  return answer('extra')
end
if not wrote and not proof then
  -- Of two requests of one number, because Redis forgot the first, one may have left a doubt.
  local since = rec.unknownSince
  if outcome.unknown and outcome.class ~= was and not has_id and not TERMINAL[rec.state] then suspect() end
  if rec.unknownSince ~= since then save_record(key, rec) end
  return answer('same')
end

-- A proof that the HaVIP exists is true whenever it arrives. Anything else speaks only
-- for the latest send, and only while the item waits for it; its doubt stays.
-- Where Redis forgot a request, the next one has its number, and another ticket.
local latest = rec.state == 'sending' and n == rec.sends and (outcome.ticket or rec.ticket) == rec.ticket
if not proof and not latest then
  if outcome.unknown and not has_id then
    -- When the item was given its next token, this request was thought to be over.
    if gen and gen ~= rec.gen then rec.lookup = true end
    suspect()
    save_record(key, rec)
  end
  return answer('late')
end

if outcome.counted then
  -- What was interrupted is counted already, and what has an outcome was judged by that.
  if was == nil or was == 'sending' then rec.attempts = rec.attempts + 1 end
  if not proof then rec.firstFailedAt = rec.firstFailedAt or now end
elseif not rec.unknown then
  rec.firstFailedAt = nil -- BCE answered, and what it said does not count: no failure goes on
end
if outcome.unknown then suspect() end
if outcome.lookup then rec.lookup = true end
-- Refusals in a row that are alike and not about the item: a token may have been poisoned.
if outcome.state == 'waiting' and outcome.code then
  rec.refusals = (outcome.code == rec.code and rec.refusals or 0) + 1
else
  rec.refusals = nil
end
-- From its first answer on, BCE may remember a refused token, too.
if outcome.state == 'waiting' and outcome.status then
  rec.refusedSince = rec.refusedSince or sent_at or rec.lastSentAt + (rec.offset or 0)
end
rec.class, rec.status, rec.code = outcome.class, outcome.status, outcome.code
rec.message, rec.requestId = outcome.message, outcome.requestId
rec.leaseUntil, rec.requestUntil, rec.ticket = nil, nil, nil
if proof then
  if gen and gen ~= rec.gen and (was_sending or rec.unknown) then
    event('doubtful', key, outcome.haVipId)
  end
  rec.haVipId, rec.ip = outcome.haVipId, outcome.ip
  rec.lastSentAt = rec.lastSentAt or now
  rec.unknown, rec.unknownSince, rec.lookup = nil, nil, nil
  slim(rec)
  if not rec.ip or rec.ip == '' then count('addressPending', 1) end
  keep(key, rec)
end
if rec.cancel and rec.unknown then
  rec.lookup = true -- repeating it could create what a person does not want
end
if rec.cancel and not rec.unknown then
  withdraw(key, rec, rec.cancel.why)
else
  if TERMINAL[outcome.state] then rec.cancel = nil end -- it has come to its end without
  move(key, rec, outcome.state, proof and outcome.haVipId or outcome.code)
end
save_record(key, rec)
settle_batch()
return answer('applied')
