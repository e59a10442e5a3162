-- forget deletes a batch that has nothing left to do. It keeps the generation of the used clientTokens and the number
-- of completions: a later batch of this name continues both, so that no receiver of notifications mistakes a completion
-- for an earlier one. The kept generation grows with each deletion, so that it shows of which of these batches an owner is.
--
-- ARGV[2] = who, ARGV[3] = why
-- ARGV[4] = 1 if an uncommitted batch may be deleted
-- Returns
--
--   applied     it is deleted
--   busy        an item is not finished, or a notification is pending
--   incomplete  no producer has committed it
--   absent      there is no such batch

if not batch_exists() then return 'absent' end
if redis.call('ZCARD', OPEN) > 0 or redis.call('HEXISTS', BATCH, 'pendingNotifications') == 1 then return 'busy' end
if redis.call('HEXISTS', BATCH, 'committedAt') == 0 and ARGV[4] ~= '1' then return 'incomplete' end

local facts = redis.call('HMGET', BATCH, 'forgottenGeneration', 'gen', 'completions')
local generation = math.max(tonumber(facts[1] or 0) + 1, tonumber(facts[2] or 1))
redis.call('UNLINK', unpack(KEYS))
redis.call('HSET', BATCH, 'forgottenGeneration', generation, 'completions', facts[3] or 0,
  'forgottenAt', string.format('%d', now), 'forgottenBy', ARGV[2], 'forgottenWhy', ARGV[3])
return 'applied'
