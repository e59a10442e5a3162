-- probenow makes every suspension of the lane due. Since and failures stay, so that the back-off
-- continues; a probe in flight stays the only one.
--
-- Returns how many holds became due; repeating it changes nothing.

local due = 0
for _, field in ipairs(redis.call('HKEYS', HOLDS)) do
  if is_hold(field) then
    local hold = load(field)
    if hold.probeAt > now then
      hold.probeAt = now
      save(field, hold)
      due = due + 1
    end
  end
end
return due
