-- Shared by the scripts of what a person does to a lane; it is put behind the prelude.
--
-- ARGV[2] = ticket of the act: repeating it after a lost reply does nothing more
-- ARGV[3] = who acts, ARGV[4] = why

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

-- repeated reports whether this act was recorded just now.
local function repeated()
  for _, entry in ipairs(redis.call('XREVRANGE', LOG, '+', '-', 'COUNT', 20)) do
    if ticket_of(entry) == ticket then return true end
  end
  return false
end
