-- activate lists a batch as one that may have work left. Its score grows each time, also within one
-- millisecond and when the clock was put back, so that deactivate sees that it was listed again.
--
-- KEYS[1]  havip:active  zset  batch -> last registration (ms)
-- ARGV[1] = batch, ARGV[2] = now (ms)

local standing = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[1]) or 0)
redis.call('ZADD', KEYS[1], math.max(ARGV[2], standing + 1), ARGV[1])
return 0
