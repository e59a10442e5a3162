-- forget deletes a batch that has nothing left to do. It keeps the generation of the used clientTokens and the number
-- of completions: a later batch of this name continues both, so that no receiver of notifications mistakes a completion
-- for an earlier one. The kept generation grows with each deletion, so that it shows of which of these batches an owner is.
--
-- ARGV[2] = who, ARGV[3] = why
-- ARGV[4] = 1 if an uncommitted batch may be deleted
-- ARGV[5] = the version of the batch that was archived, ARGV[6] = what is kept about the archive, which reserves the name;
--           both '' for a batch that is not archived
-- Returns
--
--   applied     it is deleted
--   busy        an item is not finished, or a notification is pending
--   incomplete  no producer has committed it
--   changed     it has another version than was archived
--   absent      there is no such batch

-- version changes with each change of the batch. It is that of ledger.Contents.
local function version()
  local facts, last = redis.call('HMGET', BATCH, 'updatedAt', 'total'), redis.call('XREVRANGE', EVENTS, '+', '-', 'COUNT', 1)[1]
  return table.concat({ facts[1] or '', facts[2] or '', last and last[1] or '' }, '/')
end

if not batch_exists() then
  local repeated = ARGV[6] ~= '' and redis.call('HGET', BATCH, 'archived') == ARGV[6] -- after a lost reply
  return repeated and 'applied' or 'absent'
end
if redis.call('ZCARD', OPEN) > 0 or redis.call('HEXISTS', BATCH, 'pendingNotifications') == 1 then return 'busy' end
if redis.call('HEXISTS', BATCH, 'committedAt') == 0 and ARGV[4] ~= '1' then return 'incomplete' end
if ARGV[5] ~= '' and version() ~= ARGV[5] then return 'changed' end

local facts = redis.call('HMGET', BATCH, 'forgottenGeneration', 'gen', 'completions')
local generation = math.max(tonumber(facts[1] or 0) + 1, tonumber(facts[2] or 1))
redis.call('UNLINK', unpack(KEYS))
redis.call('HSET', BATCH, 'forgottenGeneration', generation, 'completions', facts[3] or 0,
  'forgottenAt', string.format('%d', now), 'forgottenBy', ARGV[2], 'forgottenWhy', ARGV[3])
if ARGV[6] ~= '' then redis.call('HSET', BATCH, 'archived', ARGV[6]) end
return 'applied'
