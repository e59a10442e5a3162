package redisconn

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// LogTo sends what go-redis logs of its own accord (a failed dial, a moved master) to the
// function, and nowhere if it is nil. Without it go-redis writes to standard error, line by
// line and for each attempt. go-redis has one logger for the process, so this is for a
// program to call once, before its first client.
func LogTo(write func(message string)) {
	redis.SetLogger(logger{write})
}

type logger struct{ write func(string) }

// Printf is go-redis's logging interface.
func (l logger) Printf(_ context.Context, format string, args ...any) {
	if l.write != nil {
		l.write(fmt.Sprintf(format, args...))
	}
}
