-- Shared by the scripts of operators' commands on a lane. It follows the prelude.
--
-- ARGV[2] = ticket of the act: a call that is repeated after a lost reply changes nothing
-- ARGV[3] = who, ARGV[4] = why

local ticket, by, why = ARGV[2], ARGV[3], ARGV[4]

local function log_act(kind, detail)
  log(kind, by, why, detail, ticket)
end

local function ticket_of(entry)
  local fields = entry[2]
  for i = 1, #fields, 2 do
    if fields[i] == 'ticket' then return fields[i + 1] end
  end
end

-- repeated reports whether this act is already recorded.
local function repeated()
  for _, entry in ipairs(redis.call('XREVRANGE', LOG, '+', '-', 'COUNT', 20)) do
    if ticket_of(entry) == ticket then return true end
  end
  return false
end
