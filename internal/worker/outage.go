package worker

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// outage logs once that a worker cannot use Redis, and once that it can again. The heartbeats tell: each writes, and so
// also notices a Redis that answers and refuses writes. What else fails meanwhile is logged at debug level, as its cause
// is known. It is safe for concurrent use.
type outage struct {
	log zerolog.Logger

	mu sync.Mutex
	// since is when the first heartbeat failed, zero while they succeed.
	since time.Time
	// ask sends a heartbeat; nil before there are any.
	ask func(context.Context) error
}

// beats has the worker's heartbeats tell, which beat sends.
func (o *outage) beats(beat func(context.Context) error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ask = beat
}

// heartbeat records how a heartbeat that was sent at the time ended.
func (o *outage) heartbeat(sent time.Time, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case err != nil && o.since.IsZero():
		o.since = sent
		o.log.Warn().Err(err).Msg("redis is away; nothing new begins, and outcomes are kept until it is back")
	case err == nil && !o.since.IsZero():
		o.log.Info().Dur("away", time.Since(o.since)).Msg("redis is back")
		o.since = time.Time{}
	}
}

// away reports whether the last heartbeat failed.
func (o *outage) away() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return !o.since.IsZero()
}

// explains reports whether Redis is away, and so explains a failure that was met elsewhere. It asks, since the next
// heartbeat may be seconds ahead.
func (o *outage) explains(ctx context.Context) bool {
	o.mu.Lock()
	ask := o.ask
	o.mu.Unlock()
	if o.away() || ask == nil {
		return o.away()
	}
	return ask(ctx) != nil
}

// level is for a failure of which Redis may be the cause: debug while it is away.
func (o *outage) level(ctx context.Context, level zerolog.Level) zerolog.Level {
	if o != nil && o.explains(ctx) {
		return zerolog.DebugLevel
	}
	return level
}

// ofRedis reports whether asynq's line is about a command of Redis that failed.
func ofRedis(line string) bool { return strings.Contains(line, "redis ") }
