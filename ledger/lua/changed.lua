-- changed ends a change of an item that failed, or that may be the last of its batch.

if ARGV[9] == 'failed' then judge() end
settle_batch()
return 1
