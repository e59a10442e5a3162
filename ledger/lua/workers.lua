-- Shared by the scripts about workers, which it precedes. They change no batch.
--
-- All keys share one hash tag, so that each script is atomic on one Redis Cluster slot, and a
-- worker is alive or dead for everybody at the same moment:
--
--   KEYS[1]  havip:workers:{workers}:beats          zset  workers that are alive, by last beat (ms, for people)
--   KEYS[2]  havip:workers:{workers}:dead           zset  dead workers whose items are still to be
--                                                         rescued, by when they were found dead (ms)
--   KEYS[3]  havip:workers:{workers}:inflight:NAME  set   items whose tasks worker NAME holds
--   KEYS[4]  havip:workers:{workers}:pulse          hash  worker -> how often it beat, of the living and the dead
--   KEYS[5]  havip:workers:{workers}:lived          hash  for how long some worker has lived so far (ms), and when
--                                                         that was counted last
--   KEYS[6]  havip:workers:{workers}:info           hash  worker -> what it says about itself (JSON), of the living
--
-- No script decides by time: an observer measures for how long a number stays the same.
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
