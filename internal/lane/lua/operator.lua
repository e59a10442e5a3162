-- Shared by the scripts of what a person does to a lane; it is put behind the prelude.
--
-- ARGV[2] = ticket of the act: repeating it after a lost reply does nothing more
-- ARGV[3] = who acts, ARGV[4] = why

local ticket, by, why = ARGV[2], ARGV[3], ARGV[4]

-- The newest acts kept of a lane, approximately.
local LOG_KEPT = 1000

local function log(kind, detail)
  redis.call('XADD', LOG, 'MAXLEN', '~', LOG_KEPT, '*',
    'kind', kind, 'at', string.format('%d', now), 'by', by, 'reason', why, 'detail', detail, 'ticket', ticket)
end

-- repeated reports whether this very act is the newest that was done.
local function repeated()
  local newest = redis.call('XREVRANGE', LOG, '+', '-', 'COUNT', 1)[1]
  if not newest then return false end
  local fields = newest[2]
  for i = 1, #fields, 2 do
    if fields[i] == 'ticket' then return fields[i + 1] == ticket end
  end
  return false
end
