-- begin makes the intent to send a request durable, before a byte of it is sent.
--
-- ARGV[2] = key
-- ARGV[3] = clientToken that the caller means to send; "" = whichever is the item's own
-- ARGV[4] = worker
-- ARGV[5] = lease in ms: how long the attempt may take at the very most
-- ARGV[6] = token age in ms after which a token may be dead; 0 = no limit
-- ARGV[7] = retry horizon in ms, from the item's first failure; 0 = none
-- ARGV[8] = ticket, unique to this call: repeating it after a lost reply begins nothing new
-- ARGV[9] = fingerprint of the request that the caller means; "" = whichever stands
-- ARGV[10] = what BCE's clock is ahead of ours, in ms, as far as the caller knows
-- ARGV[11] = 1 when the caller has looked for the HaVIP just now, because the item was idle
-- ARGV[12] = request in ms: how long after this call the attempt's request is certainly over
-- Returns verdict, record, spec, wait in ms, and the time of this answer:
--
--   begun      send it; record.sends is the number of this send
--   finished   the item is in a terminal state: nothing to do
--   deleting   its HaVIP is to be deleted; nothing is created for it
--   busy       another attempt is in flight; ask again after the wait
--   lookup     some outcome is unknown, and the token may be dead or has been used for another
--              request: look for the HaVIP before sending
--   held       the batch is held, and nothing of the item is in doubt: begin nothing, and let its task end
--   idle       no request of it is known for longer than a token lives. If this ledger is an old one that
--              was restored, there may have been some: look for the HaVIP before sending
--   spent      its clientToken may have been used before the batch was forgotten: give the item its next
--              token before sending
--   stale      every request under the token was refused, and it may be dead: give the item its next
--              token before sending
--   exhausted  the retry horizon has passed, and it is certain that nothing was created
--   conflict   another request stands under this key
--   foreign    the ledger holds another clientToken for this item
--   absent     nobody registered this item

-- An item counts as tried in vain only if it was tried until now, by workers that were running.
local STILL_TRYING = 60 * 60 * 1000

-- A moment that lies further ahead than this was noted before a clock was put back: how long ago it was,
-- nobody knows.
local AHEAD = 60 * 1000

-- The log of an item's requests keeps the first of them and the last; what is between is dropped.
local LOG_FIRST, LOG_LAST = 20, 80

local key, token, worker = ARGV[2], ARGV[3], ARGV[4]
local lease, token_age, horizon = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
local ticket, fingerprint, offset, looked = ARGV[8], ARGV[9], tonumber(ARGV[10]), ARGV[11] == '1'

local rec = load_record(key)
if not rec then return { 'absent', '', '', 0, now } end
local spec = redis.call('HGET', SPECS, key) or ''

local function answer(verdict, wait)
  return { verdict, cjson.encode(rec), spec, wait or 0, now }
end

-- may_be_dead reports whether a token may be that has been in use since this time, by BCE's clock.
local function may_be_dead(since)
  local age = now + offset - since
  return token_age > 0 and (age > token_age or age < -AHEAD)
end

if fingerprint ~= '' and fingerprint ~= rec.fingerprint then return answer('conflict') end
if token ~= '' and token ~= rec.token then return answer('foreign') end
if TERMINAL[rec.state] then return answer('finished') end
if rec.state == 'deleting' then return answer('deleting') end

if rec.state == 'sending' then
  if rec.ticket == ticket then return answer('begun') end
  -- A lease of a clock that has since been put back may be far longer than any.
  local left = rec.leaseUntil - now
  if left > 0 and (rec.lastSentAt <= now or left <= 2 * lease) then return answer('busy', left) end
  interrupt(key, rec)
  if rec.cancel then rec.lookup = true end -- repeating it could create what a person does not want
  move(key, rec, 'unknown', 'interrupted')
  save_record(key, rec)
end

if rec.lastSentAt and rec.lastSentAt - now > AHEAD then
  rec.lastSentAt = now -- at the latest; what waits for some time since then must not wait for the clock
  save_record(key, rec)
end
-- Where a clock was put back, a refusal that came after the doubt may be the older by it.
local aged = rec.unknown and (may_be_dead(rec.unknownSince) or rec.refusedSince and may_be_dead(rec.refusedSince))
if rec.lookup or aged then return answer('lookup') end
if not rec.unknown and is_held() then return answer('held') end
local last_known = math.max(rec.lastSentAt or 0, rec.renewedAt or 0, rec.registeredAt)
if token_age > 0 and now - last_known > token_age and not looked then return answer('idle') end
if rec.spent then return answer('spent') end
local failed = rec.firstFailedAt and horizon > 0 and now - rec.firstFailedAt > horizon
if failed and rec.unknown then return answer('lookup') end
if failed and now - rec.lastSentAt <= STILL_TRYING then return answer('exhausted') end
if rec.refusedSince and not rec.unknown and may_be_dead(rec.refusedSince) then return answer('stale') end

if failed then rec.firstFailedAt = nil end -- nobody has tried meanwhile: the horizon begins anew
rec.sends = rec.sends + 1
rec.firstSentAt = rec.firstSentAt or now
rec.lastSentAt = now
rec.leaseUntil, rec.requestUntil = now + lease, now + tonumber(ARGV[12])
rec.worker, rec.ticket = worker, ticket
rec.offset = offset ~= 0 and offset or nil
rec.enqueuedAt = rec.enqueuedAt or now
redis.call('HSET', ATTEMPTS, string.format('%d:%s', rec.sends, key), cjson.encode({
  n = rec.sends, gen = rec.gen, at = now, offset = rec.offset, worker = worker, class = 'sending',
}))
local dropped = rec.sends - LOG_LAST
if dropped > LOG_FIRST then redis.call('HDEL', ATTEMPTS, string.format('%d:%s', dropped, key)) end
move(key, rec, 'sending')
save_record(key, rec)
settle_batch()
return answer('begun')
