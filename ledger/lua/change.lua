-- change commits a decision about one item if its input is unchanged. In the same atomic step, it updates the batch:
-- counters, open items, items of unknown outcome, events, failure limit, completion.
--
-- It precedes the prelude, because most changes end here and need none of it.
--
-- KEYS are those of the batch; see the prelude.
-- ARGV[1] = the time of the decision, in Unix milliseconds
-- ARGV[2] = key
-- ARGV[3] = its record as it was read, ARGV[4] = the new one, or '' to keep it
-- ARGV[5] = its state as it was read, ARGV[6] = the new one
-- ARGV[7] = 1 if the change applies only while the batch is not paused
-- ARGV[8] = the batch's round as it was read, if the change depends on it; or ''
-- ARGV[9] = 'open' if the item changed and is unfinished, 'reopened' if it was finished before,
--           'finished' or 'failed' if it is now; or ''
-- ARGV[10] = since when an outcome of the item is unknown (ms); 'known' if none is any longer; or ''
-- ARGV[11] = when to check next whether BCE shows the item's HaVIP (ms); 'known' if it does; or ''
-- ARGV[12] = how many more failures are forgiven
-- ARGV[13] = the item's new generation, or ''
-- ARGV[14] = how many entries of the request log follow: field, the entry as it was read ('*' for any),
--            and the new one ('' deletes it)
-- then events: kind, detail
-- Returns 1 if it is committed; 0 if an input has changed: read and decide again.

local call = redis.call
local key, from, to, step = ARGV[2], ARGV[5], ARGV[6], ARGV[9]
local last = 14 + 3 * ARGV[14]

if call('HGET', KEYS[3], key) ~= ARGV[3] then return 0 end
if ARGV[7] == '1' and call('HEXISTS', KEYS[1], 'pause') == 1 then return 0 end
if ARGV[8] ~= '' and (call('HGET', KEYS[1], 'round') or '0') ~= ARGV[8] then return 0 end
for i = 15, last, 3 do
  if ARGV[i + 1] ~= '*' and (call('HGET', KEYS[4], ARGV[i]) or '') ~= ARGV[i + 1] then return 0 end
end

for i = 15, last, 3 do
  if ARGV[i + 2] == '' then
    call('HDEL', KEYS[4], ARGV[i])
  else
    call('HSET', KEYS[4], ARGV[i], ARGV[i + 2])
  end
end
for i = last + 1, #ARGV, 2 do
  call('XADD', KEYS[7], 'MAXLEN', '~', EVENTS_KEPT, '*', 'kind', ARGV[i], 'key', key, 'at', ARGV[1], 'detail', ARGV[i + 1])
end
call('HSET', KEYS[1], 'updatedAt', ARGV[1]) -- also for an entry of the log alone: an archive must not miss it
if ARGV[4] == '' then return 1 end

call('HSET', KEYS[3], key, ARGV[4])
if ARGV[10] == 'known' then
  call('ZREM', KEYS[9], key)
elseif ARGV[10] ~= '' then
  call('ZADD', KEYS[9], ARGV[10], key)
end
if from ~= to then
  call('HINCRBY', KEYS[1], 'n:' .. from, -1)
  call('HINCRBY', KEYS[1], 'n:' .. to, 1)
end
if ARGV[11] == 'known' then
  call('HINCRBY', KEYS[1], 'unconfirmed', -call('ZREM', KEYS[10], key))
elseif ARGV[11] ~= '' then
  call('HINCRBY', KEYS[1], 'unconfirmed', call('ZADD', KEYS[10], ARGV[11], key))
end
if ARGV[12] ~= '0' then call('HINCRBY', KEYS[1], 'forgiven', ARGV[12]) end
if ARGV[13] ~= '' and tonumber(ARGV[13]) > tonumber(call('HGET', KEYS[1], 'gen') or 1) then
  call('HSET', KEYS[1], 'gen', ARGV[13])
end
if step == '' then return 1 end
if step == 'open' or step == 'reopened' then
  call('ZADD', KEYS[6], ARGV[1], key)
  if step == 'reopened' then call('HDEL', KEYS[1], 'completedAt') end
  return 1
end
call('ZREM', KEYS[6], key)
if step ~= 'failed' and call('ZCARD', KEYS[6]) > 0 then return 1 end
