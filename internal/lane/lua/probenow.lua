-- probenow makes every suspension of the lane due. Since and failures stay, so that the back-off
-- continues; a probe in flight remains the only one.
--
-- Returns how many suspensions became due; repeating it changes nothing.

local due = 0
for _, field in ipairs(redis.call('HKEYS', SUSPENSIONS)) do
  if is_suspension(field) then
    local suspension = load(field)
    if suspension.probeAt > now then
      suspension.probeAt = now
      save(field, suspension)
      due = due + 1
    end
  end
end
return due
