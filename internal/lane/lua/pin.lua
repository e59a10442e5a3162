-- pin records a lane's endpoint and key at its first use in this Redis. It runs without the prelude.
--
-- KEYS[1]  havip:lane:{LANE}:cloud  hash  endpoint, key; ready after the wait of the first use
-- ARGV[1] = endpoint, ARGV[2] = key
-- Returns the recorded endpoint, key and ready.

if redis.call('HEXISTS', KEYS[1], 'endpoint') == 0 then
  redis.call('HSET', KEYS[1], 'endpoint', ARGV[1], 'key', ARGV[2])
end
return redis.call('HMGET', KEYS[1], 'endpoint', 'key', 'ready')
