-- describe stores a live worker's description until it leaves or is declared dead.
--
-- ARGV[3] = JSON
-- Returns 1 if it is stored, 0 if the worker is not alive.

if not lives(worker) then return 0 end
redis.call('HSET', INFO, worker, ARGV[3])
return 1
