-- claimrequests makes items the owners of requests that have no owner, or the one to replace.
--
-- KEYS[1] = the owners of a region's requests
-- ARGV = for each request: its digest, the item, the owner to replace ('' for none)
-- Returns the owner of each request, in that order

local owners = {}
for i = 1, #ARGV, 3 do
  local digest, item, replace = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local owner = redis.call('HGET', KEYS[1], digest)
  if not owner or owner == replace then
    redis.call('HSET', KEYS[1], digest, item)
    owner = item
  end
  owners[#owners + 1] = owner
end
return owners
