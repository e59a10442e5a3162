package redisconn

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// LogTo passes go-redis's own log (a failed dial, a moved master) to the function, or discards it if the
// function is nil. By default, go-redis writes a line to standard error for each attempt. go-redis has one
// logger for the process: call LogTo once, before creating the first client.
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
