-- announce records the rate that a worker was started with, and removes workers that no longer announce theirs.
--
-- ARGV[2] = worker, ARGV[3] = its rate, or '' if it stops
-- ARGV[4] = maximum age in ms of an announcement

local worker, rps, silence = ARGV[2], ARGV[3], tonumber(ARGV[4])

if rps == '' then return redis.call('HDEL', WORKERS, worker) end
redis.call('HSET', WORKERS, worker, cjson.encode({ rps = rps, at = now }))
local all = redis.call('HGETALL', WORKERS)
for i = 1, #all, 2 do
  if cjson.decode(all[i + 1]).at < now - silence then redis.call('HDEL', WORKERS, all[i]) end
end
return redis.call('PEXPIRE', WORKERS, silence)
