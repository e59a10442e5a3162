-- register enters items into the batch, or says how each compares with what is there.
--
-- ARGV[2] = a JSON object of facts about the batch, set when the batch is new; "whole" among them says
--           that a new batch is committed with this, and that a committed one stays so
-- ARGV[3...] = for each item: key, fingerprint, spec (JSON), clientToken
-- Returns for each item: verdict, then state, clientToken, generation and fingerprint that
-- stand now, and the spec that stands when the verdict is "conflict".
--
--   new       it was entered, in state queued; enqueue its task
--   same      it is there, and its task is known to be enqueued, or it is finished
--   repair    it is there, but no task is known for it: enqueue it again
--   conflict  another request stands under this key; nothing was changed

local replies, added = {}, 0

local function reply(verdict, rec, spec)
  replies[#replies + 1] = { verdict, rec.state, rec.token, rec.gen, rec.fingerprint, spec or '' }
end

local facts = cjson.decode(ARGV[2])
local whole = facts.whole
facts.whole = nil

if redis.call('EXISTS', BATCH) == 0 then
  redis.call('HSET', BATCH, 'createdAt', string.format('%d', now))
  for name, value in pairs(facts) do
    redis.call('HSET', BATCH, name, value)
  end
  event('registered', '', '')
  if whole then
    redis.call('HSET', BATCH, 'committedAt', string.format('%d', now))
    event('committed', '', '')
  end
end

for i = 3, #ARGV, 4 do
  local key, fingerprint, spec, token = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local rec = load_record(key)
  if not rec then
    rec = { gen = 1, token = token, fingerprint = fingerprint, sends = 0, attempts = 0, registeredAt = now }
    redis.call('HSET', SPECS, key, spec)
    redis.call('RPUSH', ORDER, key)
    move(key, rec, 'queued')
    save_record(key, rec)
    added = added + 1
    reply('new', rec)
  elseif rec.fingerprint ~= fingerprint then
    reply('conflict', rec, redis.call('HGET', SPECS, key))
  elseif TERMINAL[rec.state] or rec.enqueuedAt then
    reply('same', rec)
  else
    reply('repair', rec)
  end
end

if added > 0 then
  count('total', added)
  redis.call('HDEL', BATCH, 'completedAt')
  if not whole then redis.call('HDEL', BATCH, 'committedAt') end -- until its producer is through again
  redis.call('HSET', BATCH, 'updatedAt', string.format('%d', now))
end
return replies
