-- read returns items and the facts of their batch atomically. It runs without the prelude.
--
-- KEYS are those of the batch; see the prelude.
-- ARGV[1] = the time in Unix milliseconds, or 0 for Redis's own clock
-- ARGV[2...] = for each item: key, and the field of one entry of its request log, or ''
-- Returns the time; 1 if the batch is paused; its round; the last generation that was used before the batch
-- was deleted; 1 if it is archived; then for each item its record, its spec and that entry, '' if missing.

local now = tonumber(ARGV[1])
if now == 0 then
  local t = redis.call('TIME')
  now = tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end
local facts = redis.call('HMGET', KEYS[1], 'pause', 'round', 'forgottenGeneration', 'archived', 'createdAt')
local archived = facts[4] and not facts[5] and 1 or 0
local answer = { now, facts[1] and 1 or 0, tonumber(facts[2] or 0), tonumber(facts[3] or 0), archived }
for i = 2, #ARGV, 2 do
  local n = #answer
  answer[n + 1] = redis.call('HGET', KEYS[3], ARGV[i]) or ''
  answer[n + 2] = redis.call('HGET', KEYS[2], ARGV[i]) or ''
  answer[n + 3] = ARGV[i + 1] ~= '' and redis.call('HGET', KEYS[4], ARGV[i + 1]) or ''
end
return answer
