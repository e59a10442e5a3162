-- announced returns the workers that serve the lane, and the rate that each was started with.
--
-- ARGV[2] = how long an announcement without a time of its own is valid (ms)
-- Returns worker, rate, worker, rate, …

local found = {}
local all = redis.call('HGETALL', WORKERS)
for i = 1, #all, 2 do
  local announcement = cjson.decode(all[i + 1])
  if announcement.at >= now - (announcement.valid or tonumber(ARGV[2])) then
    found[#found + 1] = all[i]
    found[#found + 1] = announcement.rps
  end
end
return found
