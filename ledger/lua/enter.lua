-- enter makes a worker known as alive, with the items that it holds already.
--
-- ARGV[3...] = items that it holds

redis.call('ZADD', BEATS, clock(), worker)
redis.call('HSET', PULSE, worker, 1)
for i = 3, #ARGV do
  redis.call('SADD', INFLIGHT, ARGV[i])
end
return 1
