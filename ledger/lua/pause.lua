-- pause pauses the batch until an operator resumes it.
--
-- ARGV[2] = ticket of the act, ARGV[3] = who, ARGV[4] = why
-- Returns 1 if this act paused the batch, 0 if it was already paused, -1 if there is no such batch.

if not batch_exists() then return -1 end
if noted(ARGV[2]) then return 1 end
if is_paused() then return 0 end
redis.call('HSET', BATCH, 'pause', cjson.encode({ at = now, by = ARGV[3], why = ARGV[4] }))
note({ kind = 'pause', by = ARGV[3], reason = ARGV[4], items = '0', detail = '', ticket = ARGV[2] })
return 1
