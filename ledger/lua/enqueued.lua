-- enqueued notes that the tasks of these items stand in the queue.
--
-- ARGV[2...] = keys
-- Returns how many were noted now; an unknown key, a finished item and a repeated note
-- change nothing.

local noted = 0
for i = 2, #ARGV do
  local rec = load_record(ARGV[i])
  if rec and not rec.enqueuedAt and not TERMINAL[rec.state] then
    rec.enqueuedAt = now
    save_record(ARGV[i], rec)
    noted = noted + 1
  end
end
return noted
