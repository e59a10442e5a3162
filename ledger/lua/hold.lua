-- hold notes that a worker holds the task of an item.
--
-- ARGV[3] = item
-- Returns 1, or 0 when the worker was found dead: then nobody will look at its notes again.

if not lives(worker) then return 0 end
redis.call('SADD', INFLIGHT, ARGV[3])
return 1
