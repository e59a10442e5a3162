-- release gives a probe's permission back, when its request proved nothing.
--
-- ARGV[2] = ticket of the request
-- ARGV[3] = pause in ms before the next probe
-- ARGV[4…] = fields
-- Returns how many permissions were given back; repeating it changes nothing.

local released = 0
for i = 4, #ARGV do
  local hold = load(ARGV[i])
  if hold and hold.probe == ARGV[2] then
    hold.probe, hold.probeUntil = nil, nil
    hold.probeAt = math.max(hold.probeAt, now + tonumber(ARGV[3]))
    save(ARGV[i], hold)
    released = released + 1
  end
end
return released
