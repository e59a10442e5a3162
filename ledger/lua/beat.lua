-- beat records a heartbeat of a worker and returns the number of heartbeats of each worker.
--
-- Returns 1 if the worker itself is alive (0: it was declared dead and must enter under a new
-- name), then the names of dead workers whose items are not rescued yet, longest dead first, then
-- each worker's name and its number of beats, of live and dead workers.
--
-- It also counts the workers' uptime, from beat to beat. A clock step, or a time without workers, adds nothing.
--
-- ARGV[3] = the maximum time between two beats that counts as uptime (ms)
--
-- A late heartbeat is valid unless the worker was declared dead: only a declaration makes a worker dead, and it
-- is never revoked after others acted on it.

-- beats returns alternating names and numbers of heartbeats. An unreadable number would keep every worker from sending
-- heartbeats: a live worker's restarts at 1, which observers count as a heartbeat, and any other is removed.
local function beats()
  local pulse, readable = redis.call('HGETALL', PULSE), {}
  for i = 1, #pulse, 2 do
    local name, number = pulse[i], pulse[i + 1]
    local known = string.match(number, '^%d+$') and #number <= 15
    if not known and lives(name) then
      redis.call('HSET', PULSE, name, '1')
      number, known = '1', true
    end
    if known then
      readable[#readable + 1] = name
      readable[#readable + 1] = number
    else
      redis.call('HDEL', PULSE, name)
    end
  end
  return readable
end

-- ZADD also returns 0 for a second beat within one millisecond.
local now = clock()
local alive = redis.call('ZADD', BEATS, 'XX', 'CH', now, worker) == 1 or lives(worker)
if alive then redis.pcall('HINCRBY', PULSE, worker, 1) end -- fails only for a value that beats() repairs

local counted = redis.call('HMGET', KEYS[5], 'at', 'ms')
local passed = now - (tonumber(counted[1] or now) or now)
if passed < 0 or passed > tonumber(ARGV[3]) then passed = 0 end
redis.call('HSET', KEYS[5], 'at', string.format('%d', now), 'ms', string.format('%d', (tonumber(counted[2] or 1) or 1) + passed))
return { alive and 1 or 0, redis.call('ZRANGE', DEAD, 0, -1), beats() }
