-- announce records the rate that a worker was started with, and removes workers that no longer announce theirs.
--
-- ARGV[2] = worker, ARGV[3] = its rate, or '' if it stops
-- ARGV[4] = how long the announcement is valid (ms)

local worker, rps, valid = ARGV[2], ARGV[3], tonumber(ARGV[4])

if rps == '' then return redis.call('HDEL', WORKERS, worker) end
redis.call('HSET', WORKERS, worker, cjson.encode({ rps = rps, at = now, valid = valid }))
local all = redis.call('HGETALL', WORKERS)
for i = 1, #all, 2 do
  local announcement = cjson.decode(all[i + 1])
  if announcement.at < now - (announcement.valid or valid) then redis.call('HDEL', WORKERS, all[i]) end
end
if redis.call('PTTL', WORKERS) < valid then redis.call('PEXPIRE', WORKERS, valid) end
return 1
