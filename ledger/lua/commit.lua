-- commit records that the producer has registered all items. A batch completes only after that, so that a batch whose
-- producer died never looks finished.
--
-- Returns 1 if this call committed it, 0 if it already was, -1 if there is no batch.

if not batch_exists() then return -1 end
local first = redis.call('HSETNX', BATCH, 'committedAt', string.format('%d', now))
if first == 1 then
  event('committed', '', '')
  check_failure_limit() -- a percentage is evaluated from now on
end
settle_batch()
return first
