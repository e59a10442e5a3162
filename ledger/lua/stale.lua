-- stale returns unfinished items by their last change, the oldest first. It only reads, and runs without the prelude.
--
-- KEYS are those of the batch; see the prelude.
-- ARGV[1] = the last change (ms) of the items to return, at most; ARGV[2] = how many items, at most
-- ARGV[3], ARGV[4] = the last change and the key of the item after which to continue; '' to begin
-- Returns key and last change of each.
--
-- If that item has changed, the items of the same millisecond are returned again, so that none is left out.

local first = 0
if ARGV[4] ~= '' then
  if redis.call('ZSCORE', KEYS[6], ARGV[4]) == ARGV[3] then
    first = redis.call('ZRANK', KEYS[6], ARGV[4]) + 1
  else
    first = redis.call('ZCOUNT', KEYS[6], '-inf', '(' .. ARGV[3])
  end
end
local found = redis.call('ZRANGE', KEYS[6], first, first + ARGV[2] - 1, 'WITHSCORES')
for i = 2, #found, 2 do
  if tonumber(found[i]) > tonumber(ARGV[1]) then
    for n = #found, i - 1, -1 do found[n] = nil end
    break
  end
end
return found
