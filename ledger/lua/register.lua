-- register enters items into the batch, or says how each compares with what is there.
--
-- ARGV[2] = a JSON object of facts about the batch, set when the batch is new; "whole" among them says
--           that a new batch is committed with this, and that a committed one stays so; "task", that
--           this is of a task with a clientToken which nobody has registered
-- ARGV[3...] = for each item: key, fingerprint, spec (JSON), clientToken
-- Returns for each item: verdict, then state, clientToken, generation and fingerprint that
-- stand now, and the spec that stands when the verdict is "conflict".
--
--   new       it was entered, in state queued; enqueue its task
--   same      it is there, and its task is known to be enqueued, or it is finished
--   repair    it is there, but no task is known for it: enqueue it again
--   conflict  another request stands under this key; nothing was changed
--   gone      it is of a task that was put in before the batch was forgotten; nothing was changed

local replies, added = {}, 0

-- What is entered is written at the end, each key at once: most of a call's time are calls of Redis.
local keys, specs, records, open = {}, {}, {}, {}

local function enter(key, spec, rec)
  rec.state, rec.updatedAt = 'queued', now
  added = added + 1
  keys[added] = key
  specs[2 * added - 1], specs[2 * added] = key, spec
  records[2 * added - 1], records[2 * added] = key, cjson.encode(rec)
  open[2 * added - 1], open[2 * added] = now, key
end

local function reply(verdict, rec, spec)
  replies[#replies + 1] = { verdict, rec.state, rec.token, rec.gen, rec.fingerprint, spec or '' }
end

local facts = cjson.decode(ARGV[2])
local GONE = { 'gone', '', '', 0, '', '' }

local whole, task = facts.whole, facts.task
facts.whole, facts.task = nil, nil

-- Items of a batch that was forgotten begin after the clientTokens that may have been used.
local past = tonumber(redis.call('HGET', BATCH, 'past') or 0)

if task and past > 0 and not batch_exists() then
  for _ = 3, #ARGV, 4 do replies[#replies + 1] = GONE end
  return replies
end
if not batch_exists() then
  redis.call('HSET', BATCH, 'createdAt', string.format('%d', now))
  for name, value in pairs(facts) do
    redis.call('HSET', BATCH, name, value)
  end
  redis.call('HDEL', BATCH, 'forgottenAt', 'forgottenBy', 'forgottenWhy')
  event('registered', '', past > 0 and 'its record had been deleted; nothing is taken over' or '')
  if whole then
    redis.call('HSET', BATCH, 'committedAt', string.format('%d', now))
    event('committed', '', '')
  end
end

local asked = {}
for i = 3, #ARGV, 4 do asked[#asked + 1] = ARGV[i] end
local standing = load_records(asked)
local entered = {} -- the specs of those, by key: a key may come twice

for i = 3, #ARGV, 4 do
  local key, fingerprint, spec, token = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local rec = standing[key]
  if not rec and task and past > 0 then
    replies[#replies + 1] = GONE
  elseif not rec then
    rec = { gen = 1, token = token, fingerprint = fingerprint, sends = 0, attempts = 0, registeredAt = now }
    if past > 0 then rec.gen, rec.spent, rec.past = past, true, past end
    enter(key, spec, rec)
    standing[key], entered[key] = rec, spec
    reply('new', rec)
  elseif rec.fingerprint ~= fingerprint then
    reply('conflict', rec, entered[key] or redis.call('HGET', SPECS, key))
  elseif TERMINAL[rec.state] or rec.enqueuedAt then
    reply('same', rec)
  else
    reply('repair', rec)
  end
end

if added > 0 then
  redis.call('HSET', SPECS, unpack(specs))
  redis.call('HSET', RECORDS, unpack(records))
  redis.call('RPUSH', ORDER, unpack(keys))
  redis.call('ZADD', OPEN, unpack(open))
  count('n:queued', added)
  count('total', added)
  redis.call('HDEL', BATCH, 'completedAt')
  if not whole then redis.call('HDEL', BATCH, 'committedAt') end -- until its producer is through again
  redis.call('HSET', BATCH, 'updatedAt', string.format('%d', now))
end
return replies
