-- act records an operator's command on the batch.
--
-- ARGV[2] = ticket, unique to the act: a call that is repeated after a lost reply changes nothing
-- ARGV[3] = kind, ARGV[4] = who, ARGV[5] = why, ARGV[6] = how many items, ARGV[7] = detail
-- Returns 1 if it was recorded now, 0 if it was before, -1 if there is no batch.

if not batch_exists() then return -1 end
if noted(ARGV[2]) then return 0 end
note({ kind = ARGV[3], by = ARGV[4], reason = ARGV[5], items = ARGV[6], detail = ARGV[7], ticket = ARGV[2] })
return 1
