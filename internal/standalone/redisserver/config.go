package redisserver

import (
	"fmt"
	"os"
	"strings"
)

// Config says what to run. The zero value of a field means its default.
type Config struct {
	// Binary is the program's name or path; default "redis-server", found in PATH.
	Binary string
	// Dir is the working directory, and with it the place of the AOF and RDB files. It is
	// not written into the configuration, so its name needs no quoting.
	Dir string
	// Lines are lines of redis.conf. Values that come from outside go through [Quote].
	// They travel over standard input: nothing shows in the process list or on disk.
	Lines []string
	// Inherit are open files that the child holds for as long as it lives, such as a lock.
	Inherit []*os.File
}

// Quote returns text as one argument of a configuration line, whatever bytes it holds; a
// line break in it cannot begin a directive of its own.
func Quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(text) {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
