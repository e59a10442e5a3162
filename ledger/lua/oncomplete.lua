-- oncomplete sets the URL that is notified when the batch is complete.
--
-- ARGV[2] = URL
-- Returns 1 if this call adds a notification of the current completion, 0 if not, -1 if there is no batch.
--
-- If the batch is already complete, a notification is pending at once, unless that URL was notified or will be. A
-- failed notification is sent again.

local url = ARGV[2]
if not batch_exists() then return -1 end

local before = redis.call('HMGET', BATCH, 'onComplete', 'failedNotification', 'completedAt')
local was, failed, complete = before[1], before[2], before[3]
redis.call('HSET', BATCH, 'onComplete', url)
redis.call('HDEL', BATCH, 'failedNotification')
if not complete or was == url and not failed then return 0 end
add_notification()
return 1
