-- claimowners makes items the owners of fields that have no owner, or the one to replace.
--
-- KEYS[1] = a hash of owners: of HaVIPs, or of requests
-- ARGV = for each claim: field, owner, the owner to replace ('' for none)
-- Returns the owner of each field, in that order

local owners = {}
for i = 1, #ARGV, 3 do
  local field, claimant, replace = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local owner = redis.call('HGET', KEYS[1], field)
  if not owner or owner == replace then
    redis.call('HSET', KEYS[1], field, claimant)
    owner = claimant
  end
  owners[#owners + 1] = owner
end
return owners
