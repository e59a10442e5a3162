package session

import (
	"github.com/spf13/pflag"

	"havip/tasks"
)

// DefinePriority defines the flag for the priority of new items.
func DefinePriority(f *pflag.FlagSet, p *tasks.Priority) {
	*p = tasks.PriorityNormal
	f.Var(p, "priority", "how often workers take the new items' tasks while others wait in the lane: high, normal or low")
}
