-- claim makes an item the owner of a HaVIP unless another item is. It stands alone, without the
-- prelude: owners are kept for a region, not for a batch, and lie in a slot of their own.
--
-- KEYS[1]  havip:owners:REGION  hash  haVipId -> owner
-- ARGV[1] = haVipId, ARGV[2] = owner
-- Returns who owns it now.

redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[2])
return redis.call('HGET', KEYS[1], ARGV[1])
