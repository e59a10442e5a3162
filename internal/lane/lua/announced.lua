-- announced tells which workers serve the lane, and the rate that each was started with.
--
-- ARGV[2] = silence in ms after which a worker is taken to be gone
-- Returns worker, rate, worker, rate, …

local found = {}
local all = redis.call('HGETALL', WORKERS)
for i = 1, #all, 2 do
  local said = cjson.decode(all[i + 1])
  if said.at >= now - tonumber(ARGV[2]) then
    found[#found + 1] = all[i]
    found[#found + 1] = said.rps
  end
end
return found
