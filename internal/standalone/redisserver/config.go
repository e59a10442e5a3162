package redisserver

import (
	"fmt"
	"os"
	"strings"
)

// Config configures a server. The zero value of a field means its default.
type Config struct {
	// Binary is the program's name or path; default "redis-server", found in PATH.
	Binary string
	// Dir is the working directory, where the AOF and RDB files are. It is not in the configuration, so its name
	// needs no quoting.
	Dir string
	// Lines are lines of redis.conf. Use [Quote] for external values. They are passed on standard input, so that
	// they are neither in the process list nor on disk.
	Lines []string
	// Inherit are open files that the child keeps open while it runs, such as a lock.
	Inherit []*os.File
}

// Quote returns text as one argument of a configuration line. It accepts any bytes; a line break in it starts no new
// directive.
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
