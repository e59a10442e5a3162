-- search finds items by state and code, in the order of registration. It only reads, and runs without the prelude.
--
-- KEYS are the batch's order and records.
-- ARGV[1] = the position to start at; ARGV[2] = how many items to look at; ARGV[3] = how many to find
-- ARGV[4] = '' for any code, or what the record of an item with the code contains
-- ARGV[5...] = the states
-- Returns the position to continue at, -1 at the end; then the keys that were found. A record begins with its state.

local from, count, limit = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local wanted = {}
for i = 5, #ARGV do wanted[ARGV[i]] = true end
local keys = redis.call('LRANGE', KEYS[1], from, from + count - 1)
if #keys == 0 then return { -1 } end
local answer = { #keys < count and -1 or from + count }
local records = redis.call('HMGET', KEYS[2], unpack(keys))
for i, record in ipairs(records) do
  if record and wanted[record:match('^{"state":"(%l+)"')] and (ARGV[4] == '' or record:find(ARGV[4], 1, true)) then
    if #answer == limit + 1 then
      answer[1] = from + i - 1
      break
    end
    answer[#answer + 1] = keys[i]
  end
end
return answer
