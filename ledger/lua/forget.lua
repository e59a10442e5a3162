-- forget deletes the record of a batch that has nothing left to do, and leaves behind which clientTokens
-- its items may have used, and how often it was complete: a batch of this name that is registered later
-- begins after them, so that no receiver of notices knows its completions already.
--
-- ARGV[2] = who, ARGV[3] = why
-- ARGV[4] = 1 when it may be forgotten although no producer has committed it
-- Returns
--
--   applied     it is forgotten
--   busy        some item is not finished, or a notice is owed
--   incomplete  its producer is not through with it
--   absent      there is no such batch

if not batch_exists() then return 'absent' end
if redis.call('ZCARD', OPEN) > 0 or redis.call('HEXISTS', BATCH, 'owed') == 1 then return 'busy' end
if redis.call('HEXISTS', BATCH, 'committedAt') == 0 and ARGV[4] ~= '1' then return 'incomplete' end

local facts = redis.call('HMGET', BATCH, 'past', 'gen', 'completions')
local past = math.max(tonumber(facts[1] or 0), tonumber(facts[2] or 1))
redis.call('UNLINK', unpack(KEYS))
redis.call('HSET', BATCH, 'past', past, 'completions', facts[3] or 0,
  'forgottenAt', string.format('%d', now), 'forgottenBy', ARGV[2], 'forgottenWhy', ARGV[3])
return 'applied'
