-- act notes what a person does to the batch: in the event stream, and for good in a list of its own,
-- which no stream of items' events pushes out.
--
-- ARGV[2] = ticket, unique to the act: repeating it after a lost reply notes nothing more
-- ARGV[3] = kind, ARGV[4] = who, ARGV[5] = why, ARGV[6] = how many items, ARGV[7] = detail
-- Returns 1 when it was noted now, 0 when it was before, -1 when there is no batch.

-- The newest acts kept of a batch.
local ACTS_KEPT = 1000

local ticket, kind, by, why, items, detail = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
if not batch_exists() then return -1 end
local newest = redis.call('LINDEX', ACTS, -1)
if newest and cjson.decode(newest).ticket == ticket then return 0 end

local at = string.format('%d', now)
local id = redis.call('XADD', EVENTS, 'MAXLEN', '~', EVENTS_KEPT, '*',
  'kind', kind, 'key', '', 'at', at, 'detail', detail, 'by', by, 'reason', why, 'items', items)
redis.call('RPUSH', ACTS, cjson.encode({
  id = id, kind = kind, at = at, detail = detail, by = by, reason = why, items = items, ticket = ticket,
}))
redis.call('LTRIM', ACTS, -ACTS_KEPT, -1)
return 1
