-- act notes what a person does to the batch.
--
-- ARGV[2] = ticket, unique to the act: repeating it after a lost reply notes nothing more
-- ARGV[3] = kind, ARGV[4] = who, ARGV[5] = why, ARGV[6] = how many items, ARGV[7] = detail
-- Returns 1 when it was noted now, 0 when it was before, -1 when there is no batch.

if not batch_exists() then return -1 end
if noted(ARGV[2]) then return 0 end
note({ kind = ARGV[3], by = ARGV[4], reason = ARGV[5], items = ARGV[6], detail = ARGV[7], ticket = ARGV[2] })
return 1
