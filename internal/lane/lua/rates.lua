-- rates returns the rate at which requests of an operation may be sent, what was learned, and the requests admitted lately.
--
-- ARGV[2] = operation, ARGV[3] = bucket, ARGV[4] = the configured limit, as for take
-- Returns the rate, '' for no limit; what was learned as JSON, '' if nothing lowers the rate; requests a second.

local _, count, learned = load()
local rate, slowed = rate_of(learned)
return { shown(rate), slowed and cjson.encode(learned) or '', string.format('%.3f', count.lately / (SHOWN / 1000)) }
