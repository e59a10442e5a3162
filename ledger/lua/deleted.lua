-- deleted notes with a HaVIP's owner that it was deleted. It stands alone, as claim does.
--
-- KEYS[1]  havip:owners:REGION  hash  haVipId -> owner
-- ARGV[1] = haVipId, ARGV[2] = the owner by whom it was deleted, ARGV[3] = what to keep instead

if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
return 1
