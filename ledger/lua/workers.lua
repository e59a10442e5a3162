-- Shared by the scripts about workers, which it precedes. They change no batch.
--
-- All keys share one hash tag, so that each script is atomic on one Redis Cluster slot, and a
-- worker is alive or dead for all clients at the same time:
--
--   KEYS[1]  havip:workers:{workers}:beats          zset  workers that are alive, by last beat (ms, for display)
--   KEYS[2]  havip:workers:{workers}:dead           zset  dead workers whose items are still to be
--                                                         rescued, by when they were declared dead (ms)
--   KEYS[3]  havip:workers:{workers}:inflight:NAME  set   items whose tasks worker NAME runs
--   KEYS[4]  havip:workers:{workers}:pulse          hash  live and dead workers -> number of their beats
--   KEYS[5]  havip:workers:{workers}:uptime         hash  how long at least one worker was alive so far (ms), and
--                                                         when that was last updated
--   KEYS[6]  havip:workers:{workers}:info           hash  live workers -> their description (JSON)
--
-- No script decides by time: an observer measures how long a number stays unchanged.
--
-- ARGV[1] is the time in Unix milliseconds, or 0 for Redis's own clock; ARGV[2] is NAME.

local BEATS, DEAD, INFLIGHT, PULSE, INFO = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[6]
local worker = ARGV[2]

local function clock()
  local given = tonumber(ARGV[1])
  if given > 0 then return given end
  local t = redis.call('TIME')
  return tonumber(t[1]) * 1000 + math.floor(tonumber(t[2]) / 1000)
end

-- lives reports whether a worker is registered and was not declared dead.
local function lives(name) return redis.call('ZSCORE', BEATS, name) and true or false end
