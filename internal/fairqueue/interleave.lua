-- KEYS[1] = the pending tasks of a queue: workers take from its right end, and tasks are added at its left end
-- ARGV[1] = how many tasks to move, from the left end
-- ARGV[2] = how many tasks are the caller's own; the others have to be more than twice as many

local n, own = tonumber(ARGV[1]), tonumber(ARGV[2])
if redis.call('LLEN', KEYS[1]) <= 3 * own then return 0 end
local added, next_ones = redis.call('LRANGE', KEYS[1], 0, n - 1), redis.call('LRANGE', KEYS[1], -n, -1)
local mixed = {}
for i = 1, n do
  mixed[2 * i - 1], mixed[2 * i] = added[i], next_ones[i] -- the one that has waited longest stays the next
end
redis.call('LTRIM', KEYS[1], n, -n - 1)
redis.call('RPUSH', KEYS[1], unpack(mixed))
return n
