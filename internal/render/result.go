package render

import "havip/tasks"

// Result is one item as the results commands show it: what programs get, too.
type Result = tasks.Result
