-- The acts on a batch. This file follows the prelude.

-- The maximum number of acts that are kept of a batch.
local ACTS_KEPT = 1000

-- noted reports whether this act is already recorded.
local function noted(ticket)
  for _, text in ipairs(redis.call('LRANGE', ACTS, -20, -1)) do
    if cjson.decode(text).ticket == ticket then return true end
  end
  return false
end

-- note writes an act to the event stream, and to a list of its own, from which item events cannot displace it.
local function note(act)
  act.at = string.format('%d', now)
  act.id = redis.call('XADD', EVENTS, 'MAXLEN', '~', EVENTS_KEPT, '*',
    'kind', act.kind, 'key', '', 'at', act.at, 'detail', act.detail, 'by', act.by, 'reason', act.reason,
    'items', act.items)
  redis.call('RPUSH', ACTS, cjson.encode(act))
  redis.call('LTRIM', ACTS, -ACTS_KEPT, -1)
end
