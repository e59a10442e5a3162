-- activate lists a batch as one that may have work left. Its score grows each time, even within one millisecond or
-- after a clock was set back, so that deactivate detects the new registration.
--
-- KEYS[1]  havip:active  zset  batch -> last registration (ms)
-- ARGV[1] = batch, ARGV[2] = now (ms)

local current = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0)
redis.call('ZADD', KEYS[1], math.max(ARGV[2], current + 1), ARGV[1])
return 0
