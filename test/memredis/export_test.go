package memredis

import (
	"maps"
	"slices"
	"strings"
)

// CommandNames are the commands that it knows, in capitals.
func CommandNames() []string {
	names := slices.Sorted(maps.Keys(commands))
	return slices.DeleteFunc(names, func(name string) bool { return name != strings.ToUpper(name) })
}
