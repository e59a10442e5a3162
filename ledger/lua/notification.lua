-- notification records the outcome of an attempt to deliver a notification of a completion.
--
-- ARGV[2] = completion, ARGV[3] = URL, ARGV[4] = number of earlier attempts, as the caller saw it
-- ARGV[5] = outcome, ARGV[6] = description of the result:
--
--   delivered  the receiver accepted it; it is no longer pending
--   failed     the attempt counts, and delivery will be retried
--   deferred   nothing was sent; the reason is recorded
--   abandoned  it is not retried
--
-- Returns:
--
--   applied  the outcome was recorded
--   same     another attempt was recorded since; this failure is not counted
--   late     the URL has changed
--   absent   no notification of this completion is pending

local n, url, attempts, outcome, why = tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]

local notifications, at = pending_notifications(), nil
for i, notification in ipairs(notifications) do
  if notification.n == n then at = i end
end
if not at then return 'absent' end
if redis.call('HGET', BATCH, 'onComplete') ~= url then return 'late' end

local notification = notifications[at]
if outcome == 'delivered' then
  table.remove(notifications, at)
  redis.call('HDEL', BATCH, 'failedNotification')
  event('notified', '', string.format('completion %d, attempt %d: %s', n, notification.attempts + 1, why))
elseif outcome == 'abandoned' then
  table.remove(notifications, at)
  notification.attempts, notification.lastAt = attempts + 1, now
  fail_notification(notification, why)
elseif notification.attempts ~= attempts then
  return 'same'
else
  notification.why = why
  if outcome == 'failed' then
    notification.attempts, notification.since, notification.lastAt = attempts + 1, notification.since or now, now
  end
end
save_pending(notifications)
return 'applied'
