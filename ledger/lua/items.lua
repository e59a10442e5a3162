-- items returns specs and records atomically. It only reads, and runs without the prelude.
--
-- KEYS are the batch's facts, specs and records.
-- ARGV[1] = 1 to check whether the batch is paused, else 0; ARGV[2...] = the items' keys
-- Returns 1 if that was requested and it is paused; then for each item its spec and its record, nil if missing.

local answer = { ARGV[1] == '1' and redis.call('HEXISTS', KEYS[1], 'pause') or 0 }
local MOST = 1000 -- Lua cannot pass many thousands of arguments
for first = 2, #ARGV, MOST do
  local last = math.min(first + MOST - 1, #ARGV)
  local specs = redis.call('HMGET', KEYS[2], unpack(ARGV, first, last))
  local records = redis.call('HMGET', KEYS[3], unpack(ARGV, first, last))
  for i = first, last do
    answer[2 * i - 2], answer[2 * i - 1] = specs[i - first + 1], records[i - first + 1]
  end
end
return answer
