-- changed ends a change of an item that failed, or that may be the last of its batch.

if ARGV[9] == 'failed' then check_failure_limit() end
settle_batch()
return 1
