-- commit says that the producer has put in every item that it has. A batch completes only
-- after that, so that a batch whose producer died half-way never looks finished.
--
-- Returns 1 when this call committed it, 0 when it was already, -1 when there is no batch.

if not batch_exists() then return -1 end
local first = redis.call('HSETNX', BATCH, 'committedAt', string.format('%d', now))
if first == 1 then
  event('committed', '', '')
  check_failure_limit() -- of the whole, a percentage can be told
end
settle_batch()
return first
