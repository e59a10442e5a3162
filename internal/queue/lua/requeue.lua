-- requeue lets an active task be taken again, first of all, if it still is in nobody's hands.
--
-- KEYS[1] = the queue's active list, KEYS[2] = its leases, KEYS[3] = its pending list, KEYS[4] = the task
-- ARGV[1] = the task's ID
-- ARGV[2] = Unix seconds: a lease that ended after this is somebody's
-- ARGV[3] = now in Unix nanoseconds, as asynq notes since when a task is pending
-- Returns 1 if it was moved.

local lease = redis.call('ZSCORE', KEYS[2], ARGV[1])
if lease and tonumber(lease) > tonumber(ARGV[2]) then return 0 end
if redis.call('HGET', KEYS[4], 'state') ~= 'active' then return 0 end
if redis.call('LREM', KEYS[1], 0, ARGV[1]) == 0 then return 0 end
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('HSET', KEYS[4], 'state', 'pending', 'pending_since', ARGV[3])
redis.call('RPUSH', KEYS[3], ARGV[1])
return 1
