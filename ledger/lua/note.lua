-- What is kept of the acts on a batch; it is put behind the prelude.

-- The newest acts kept of a batch.
local ACTS_KEPT = 1000

-- noted reports whether this very act was just done.
local function noted(ticket)
  for _, text in ipairs(redis.call('LRANGE', ACTS, -20, -1)) do
    if cjson.decode(text).ticket == ticket then return true end
  end
  return false
end

-- note writes an act into the event stream, and for good into a list of its own, which no stream of
-- items' events pushes out.
local function note(act)
  act.at = string.format('%d', now)
  act.id = redis.call('XADD', EVENTS, 'MAXLEN', '~', EVENTS_KEPT, '*',
    'kind', act.kind, 'key', '', 'at', act.at, 'detail', act.detail, 'by', act.by, 'reason', act.reason,
    'items', act.items)
  redis.call('RPUSH', ACTS, cjson.encode(act))
  redis.call('LTRIM', ACTS, -ACTS_KEPT, -1)
end
