-- The pause and the failure limit of a batch. While a batch is paused, only items of unknown outcome begin a
-- request. This file follows the prelude and note.
--
-- Facts of BATCH:
--   pause        since when and why the batch is paused; JSON, absent if it is not paused
--   maxFailures  "N" or "P%": more failures pause the batch; absent for no limit
--   round        how often the count of failures was reset
--   forgiven     how many failed items failed in an earlier round
--
-- A failed item stores its round, so that the count stays exact when the item is retried.

local function fact(name) return tonumber(redis.call('HGET', BATCH, name) or 0) end

local function is_paused() return redis.call('HEXISTS', BATCH, 'pause') == 1 end

-- exceeds reports whether the failures exceed the limit. A percentage is not evaluated before the batch is
-- committed, because more items may follow. It is computed in hundredths of a percent, to be exact.
local function exceeds(failed, limit, total, committed)
  local percent = string.match(limit, '^(.+)%%$')
  if not percent then return failed > tonumber(limit) end
  return committed and failed * 10000 > math.floor(tonumber(percent) * 100 + 0.5) * total
end

-- check_failure_limit pauses the batch if its failures exceed the limit.
local function check_failure_limit()
  local limit = redis.call('HGET', BATCH, 'maxFailures')
  if not limit or is_paused() then return end
  local failed, total = fact('n:rejected') + fact('n:review') - fact('forgiven'), fact('total')
  if not exceeds(failed, limit, total, redis.call('HEXISTS', BATCH, 'committedAt') == 1) then return end
  redis.call('HSET', BATCH, 'pause', cjson.encode({ at = now, limit = limit, failed = failed, total = total }))
  note({ kind = 'paused', by = '', reason = '', items = string.format('%d', failed), ticket = '',
    detail = string.format('%d of %d items failed (limit %s)', failed, total, limit) })
end

-- limit_failures sets the limit, '' for none, and reports whether it changed.
local function limit_failures(limit)
  if (redis.call('HGET', BATCH, 'maxFailures') or '') == limit then return false end
  if limit == '' then
    redis.call('HDEL', BATCH, 'maxFailures')
  else
    redis.call('HSET', BATCH, 'maxFailures', limit)
  end
  return true
end
