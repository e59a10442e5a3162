-- deleted marks a HaVIP as deleted for its owner. It runs without the prelude.
--
-- KEYS[1]  havip:owners:REGION  hash  haVipId -> owner
-- ARGV[1] = haVipId, ARGV[2] = the owner that deleted it, ARGV[3] = the new value

if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
return 1
