-- enter registers a worker as alive, with the items that it already claims.
--
-- ARGV[3...] = claimed items

redis.call('ZADD', BEATS, clock(), worker)
redis.call('HSET', PULSE, worker, 1)
for i = 3, #ARGV do
  redis.call('SADD', INFLIGHT, ARGV[i])
end
return 1
