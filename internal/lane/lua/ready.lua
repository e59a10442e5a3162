-- ready records that the wait of a lane's first use is over, unless its endpoint or key has changed. It runs without
-- the prelude.
--
-- KEYS[1]  havip:lane:{LANE}:cloud  hash
-- ARGV[1] = endpoint, ARGV[2] = key that the wait was for

local current = redis.call('HMGET', KEYS[1], 'endpoint', 'key')
if current[1] == ARGV[1] and current[2] == ARGV[2] then redis.call('HSET', KEYS[1], 'ready', '1') end
return 1
