-- ready notes that the wait of a lane's first use is over, unless the lane stands for something else by now. It stands
-- alone, without the prelude.
--
-- KEYS[1]  havip:lane:{LANE}:cloud  hash
-- ARGV[1] = endpoint, ARGV[2] = key that the wait was for

local standing = redis.call('HMGET', KEYS[1], 'endpoint', 'key')
if standing[1] == ARGV[1] and standing[2] == ARGV[2] then redis.call('HSET', KEYS[1], 'ready', '1') end
return 1
