-- pin notes what a lane stands for, at its first use in this Redis. It stands alone, without the prelude.
--
-- KEYS[1]  havip:lane:{LANE}:cloud  hash  endpoint, key; ready once the wait of the first use is over
-- ARGV[1] = endpoint, ARGV[2] = key
-- Returns endpoint, key and ready as they stand now.

if redis.call('HEXISTS', KEYS[1], 'endpoint') == 0 then
  redis.call('HSET', KEYS[1], 'endpoint', ARGV[1], 'key', ARGV[2])
end
return redis.call('HMGET', KEYS[1], 'endpoint', 'key', 'ready')
