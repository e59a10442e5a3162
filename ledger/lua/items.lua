-- items returns specs and records atomically. It only reads, and runs without the prelude.
--
-- KEYS are the batch's facts, specs and records.
-- ARGV[1] = 1 to check whether the batch is paused, else 0; ARGV[2...] = the items' keys
-- Returns 1 if that was requested and it is paused; then for each item its spec and its record, nil if missing.

local answer = { ARGV[1] == '1' and redis.call('HEXISTS', KEYS[1], 'pause') or 0 }
for i = 2, #ARGV do
  answer[2 * i - 2] = redis.call('HGET', KEYS[2], ARGV[i])
  answer[2 * i - 1] = redis.call('HGET', KEYS[3], ARGV[i])
end
return answer
