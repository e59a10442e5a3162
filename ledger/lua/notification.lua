-- notice records what became of an attempt to tell of a completion.
--
-- ARGV[2] = completion, ARGV[3] = URL that was told, ARGV[4] = attempts made before, as the caller saw
-- ARGV[5] = outcome, ARGV[6] = what was heard:
--
--   delivered  it was taken; nothing is owed any more
--   failed     it is tried again; the attempt counts
--   held       nothing was sent, and the reason is noted
--   given-up   it is not tried again
--
-- Returns a verdict:
--
--   applied  it was recorded
--   same     another attempt was recorded since: this one's failure counts no more
--   late     another URL is to be told by now
--   absent   nothing is owed of this completion

local n, url, attempts, outcome, heard = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]

local notices, at = owed(), nil
for i, notice in ipairs(notices) do
  if notice.n == n then at = i end
end
if not at then return 'absent' end
if redis.call('HGET', BATCH, 'onComplete') ~= url then return 'late' end

local notice = notices[at]
if outcome == 'delivered' then
  table.remove(notices, at)
  redis.call('HDEL', BATCH, 'gaveUp')
  event('notified', '', string.format('completion %d, attempt %d: %s', n, notice.attempts + 1, heard))
elseif outcome == 'given-up' then
  table.remove(notices, at)
  notice.attempts, notice.lastAt = attempts + 1, now
  give_up_notice(notice, heard)
elseif notice.attempts ~= attempts then
  return 'same'
else
  notice.why = heard
  if outcome == 'failed' then
    notice.attempts, notice.since, notice.lastAt = attempts + 1, notice.since or now, now
  end
end
save_owed(notices)
return 'applied'
