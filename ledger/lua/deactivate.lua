-- deactivate takes a batch off the list of those that may have work left, unless it was registered
-- into since the caller looked. It stands alone, without the prelude: the list spans batches.
--
-- KEYS[1]  havip:active  zset  batch -> last registration (ms)
-- ARGV[1] = batch, ARGV[2] = the score that the caller saw

if redis.call('ZSCORE', KEYS[1], ARGV[1]) == ARGV[2] then
  return redis.call('ZREM', KEYS[1], ARGV[1])
end
return 0
