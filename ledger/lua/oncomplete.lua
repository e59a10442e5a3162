-- oncomplete names whoever is to be told when the batch is complete.
--
-- ARGV[2] = URL
-- Returns 1 when a notice of the present completion is owed by this call, 0 when not, -1 when there is
-- no batch.
--
-- A batch that is complete already owes its notice at once, unless that URL was told, or is to be told
-- anyway. Whose notice was given up is told afresh.

local url = ARGV[2]
if not batch_exists() then return -1 end

local before = redis.call('HMGET', BATCH, 'onComplete', 'gaveUp', 'completedAt')
local was, gave_up, complete = before[1], before[2], before[3]
redis.call('HSET', BATCH, 'onComplete', url)
redis.call('HDEL', BATCH, 'gaveUp')
if not complete or was == url and not gave_up then return 0 end
add_notification()
return 1
