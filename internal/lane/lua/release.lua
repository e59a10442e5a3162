-- release returns a probe's permission if its request proved nothing.
--
-- ARGV[2] = ticket of the request
-- ARGV[3] = pause in ms before the next probe
-- ARGV[4…] = fields
-- Returns how many permissions were returned; repeating it changes nothing.

local released = 0
for i = 4, #ARGV do
  local suspension = load(ARGV[i])
  if suspension and suspension.probe == ARGV[2] then
    suspension.probe, suspension.probeUntil = nil, nil
    suspension.probeAt = math.max(suspension.probeAt, now + tonumber(ARGV[3]))
    save(ARGV[i], suspension)
    released = released + 1
  end
end
return released
