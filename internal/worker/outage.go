package worker

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// outage logs once that a worker cannot use Redis, and once that it can again. It uses the heartbeats: each writes, so
// that they also detect a Redis that refuses writes. Other failures in the meantime are logged at debug level, because
// their cause is known. It is safe for concurrent use.
type outage struct {
	log zerolog.Logger

	mu sync.Mutex
	// ended is when the last heartbeat ended, and wrote when the last that was written was sent; zero before the first.
	ended, wrote time.Time
	// cause is why the last heartbeat failed; nil if it was written.
	cause error
	// since is when the first heartbeat failed, zero while they succeed.
	since time.Time
	// ask sends a heartbeat; nil before the first.
	ask func(context.Context) error
}

// beats sets the function that sends a heartbeat.
func (o *outage) beats(beat func(context.Context) error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ask = beat
}

// heartbeat records the result of a heartbeat that was sent at the given time.
func (o *outage) heartbeat(sent time.Time, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ended, o.cause = time.Now(), err
	if err == nil {
		o.wrote = sent
	}
	switch {
	case err != nil && o.since.IsZero():
		o.since = sent
		o.log.Warn().Err(err).Msg("redis is unavailable; no attempt begins, and outcomes are kept until it is back")
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

// explains reports whether Redis is unavailable, which explains another failure. It sends a heartbeat, because the next
// one may be seconds away.
func (o *outage) explains(ctx context.Context) bool {
	o.mu.Lock()
	ask := o.ask
	o.mu.Unlock()
	if o.away() || ask == nil {
		return o.away()
	}
	return ask(ctx) != nil
}

// level returns the level of a failure that Redis may have caused: debug while it is unavailable.
func (o *outage) level(ctx context.Context, level zerolog.Level) zerolog.Level {
	if o != nil && o.explains(ctx) {
		return zerolog.DebugLevel
	}
	return level
}

// ofRedis reports whether asynq's log line is about a failed Redis command.
func ofRedis(line string) bool { return strings.Contains(line, "redis ") }
