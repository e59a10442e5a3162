-- retry lets items be tried again that had come to an end.
--
-- ARGV[2...] = for each item: key, clientToken and record.sends as the caller saw them, and the next
--              clientToken
-- Returns for each item verdict and record:
--
--   applied   it goes on; enqueue its task
--   same      it is under way, by an earlier call or by itself
--   busy      a request of it is in flight
--   finished  its HaVIP exists, or was deleted
--   late      it has come to another end since
--   absent    nobody registered this item
--
-- An item that was rejected, or canceled, provably created nothing: it begins anew, under its next
-- token, since BCE may repeat a refusal for a token's sake; one that was never sent keeps its own.
-- Of any other item it is not proven. It keeps its token, and what exists is looked at before
-- anything is sent for it.

local ENDED = { rejected = true, canceled = true, review = true }

-- anew forgets what the item's way has come to; the log of its requests keeps it.
local function anew(key, rec, next_token)
  if rec.sends > 0 then
    rec.gen, rec.token = rec.gen + 1, next_token
    note_generation(rec.gen)
  end
  slim(rec)
  rec.renewedAt = now
  rec.firstFailedAt, rec.refusals = nil, nil
  rec.class, rec.status, rec.code, rec.message, rec.requestId = nil, nil, nil, nil, nil
  event('retried', key, rec.gen > 1 and string.format('clientToken %d', rec.gen) or '')
  move(key, rec, 'queued')
end

-- look_first takes back what a lookup came to: the words of the last request stand again.
local function look_first(key, rec)
  local text = redis.call('HGET', ATTEMPTS, string.format('%d:%s', rec.sends, key))
  local last = text and cjson.decode(text) or {}
  rec.code, rec.message = last.code, last.message
  rec.firstSentAt = rec.firstSentAt or rec.lastSentAt or rec.registeredAt
  doubt(rec, (rec.lastSentAt or now) + (rec.offset or 0))
  rec.lookup, rec.enqueuedAt, rec.leaseUntil, rec.requestUntil, rec.ticket = true, nil, nil, nil, nil
  event('retried', key, 'looked for first')
  move(key, rec, 'unknown', 'retry')
end

local replies, applied = {}, 0

for i = 2, #ARGV, 4 do
  local key, token, sends, next_token = ARGV[i], ARGV[i + 1], tonumber(ARGV[i + 2]), ARGV[i + 3]
  local rec = load_record(key)
  local verdict = 'applied'
  if not rec then
    verdict = 'absent'
  elseif rec.state == 'sending' then
    verdict = 'busy'
  elseif TERMINAL[rec.state] and not ENDED[rec.state] then
    verdict = 'finished'
  elseif not TERMINAL[rec.state] then
    verdict = 'same'
  elseif rec.token ~= token or rec.sends ~= sends then
    verdict = 'late'
  else
    if rec.state == 'review' or rec.unknown then
      look_first(key, rec)
    else
      anew(key, rec, next_token)
    end
    save_record(key, rec)
    applied = applied + 1
  end
  replies[#replies + 1] = { verdict, rec and cjson.encode(rec) or '' }
end

if applied > 0 then
  redis.call('HDEL', BATCH, 'completedAt')
  redis.call('HSET', BATCH, 'updatedAt', string.format('%d', now))
end
return replies
