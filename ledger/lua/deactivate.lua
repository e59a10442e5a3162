-- deactivate unlists a batch without work, unless items were registered since the caller read it. It runs without the
-- prelude, because the list spans batches.
--
-- KEYS[1]  havip:active  zset  batch -> last registration (ms)
-- ARGV[1] = batch, ARGV[2] = the score that the caller read

if redis.call('ZSCORE', KEYS[1], ARGV[1]) == ARGV[2] then
  return redis.call('ZREM', KEYS[1], ARGV[1])
end
return 0
