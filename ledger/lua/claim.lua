-- claim records that a worker runs the task of an item. It runs alone, without the prelude.
--
-- KEYS[1]  havip:workers:{workers}:beats          zset  see workers.lua
-- KEYS[2]  havip:workers:{workers}:inflight:NAME  set
-- ARGV[1] = NAME, ARGV[2] = item
-- Returns 1, or 0 if the worker was declared dead: its claims are no longer read.

if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
redis.call('SADD', KEYS[2], ARGV[2])
return 1
