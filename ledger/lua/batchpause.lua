-- The line of a batch: its items go on, or the batch is held, and nothing of it is begun but what is in
-- doubt. It is put behind the prelude and note.
--
-- Facts of BATCH:
--   hold         since when the batch is held, and what for; JSON, absent while its items go on
--   maxFailures  "N" or "P%": the batch is held when more have failed; absent for no limit
--   round        how often the count of failures began anew
--   forgiven     how many items stand failed that did so in an earlier round
--
-- An item that fails keeps the round in which it did, so that the count stays exact when it is tried again.

local function fact(name) return tonumber(redis.call('HGET', BATCH, name) or 0) end

local function is_held() return redis.call('HEXISTS', BATCH, 'hold') == 1 end

-- exceeds reports whether so many failures are more than the limit. A percentage of a batch that is not
-- whole says nothing: more items are to come. Hundredths of a percent are counted, to be exact.
local function exceeds(failed, limit, total, committed)
  local percent = string.match(limit, '^(.+)%%$')
  if not percent then return failed > tonumber(limit) end
  return committed and failed * 10000 > math.floor(tonumber(percent) * 100 + 0.5) * total
end

-- judge holds the batch when more of it has failed than is wanted.
local function judge()
  local limit = redis.call('HGET', BATCH, 'maxFailures')
  if not limit or is_held() then return end
  local failed, total = fact('n:rejected') + fact('n:review') - fact('forgiven'), fact('total')
  if not exceeds(failed, limit, total, redis.call('HEXISTS', BATCH, 'committedAt') == 1) then return end
  redis.call('HSET', BATCH, 'hold', cjson.encode({ at = now, limit = limit, failed = failed, total = total }))
  note({ kind = 'held', by = '', reason = '', items = string.format('%d', failed), ticket = '',
    detail = string.format('%d of %d items failed, and more than %s are not wanted', failed, total, limit) })
end

-- limit_failures sets the limit, '' for none, and reports whether it was another.
local function limit_failures(limit)
  if (redis.call('HGET', BATCH, 'maxFailures') or '') == limit then return false end
  if limit == '' then
    redis.call('HDEL', BATCH, 'maxFailures')
  else
    redis.call('HSET', BATCH, 'maxFailures', limit)
  end
  return true
end
