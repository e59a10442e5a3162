-- finished tells which items are registered and finished. It only reads, and runs without the prelude.
--
-- KEYS are those of the batch; see the prelude.
-- ARGV = the items' keys
-- Returns 1 for each such item, else 0.

local answer = {}
for i, key in ipairs(ARGV) do
  local open = redis.call('ZSCORE', KEYS[6], key)
  answer[i] = not open and redis.call('HEXISTS', KEYS[3], key) or 0
end
return answer
