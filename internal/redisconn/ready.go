package redisconn

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// readyInterval is the delay between two attempts while Redis is not ready.
	readyInterval = 250 * time.Millisecond
	// lookAfter is how long the first attempt may remain unanswered before the server is probed: a server without TLS
	// waits forever for the rest of a TLS client's handshake.
	lookAfter = time.Second
)

// DefaultPatience is how long a program waits for temporary errors: a failover takes some seconds, and loading a large file a
// minute.
const DefaultPatience = 2 * time.Minute

// Patience is how long [WaitReady] waits. Zero does not wait.
type Patience struct {
	// Down is for a server that cannot be reached: it may be starting, or the address may be wrong. It begins when the server
	// last answered.
	Down time.Duration
	// Passing is for temporary errors: a failover, loading, a running script.
	Passing time.Duration
}

// WaitReady returns when the Redis is ready: every master answers and is not loading, and probe, which may be nil,
// succeeds. The options are the client's; their [Told] is called with each new reason to wait. See [Await] for the rest.
func WaitReady(ctx context.Context, client redis.Cmdable, o Options, patience Patience, probe func(context.Context) error) error {
	w := waiting{explainer: explainer{o}, client: client, probe: probe}
	return Await(ctx, patience, o.tell, w.ask)
}

// Await repeats try while it fails for a temporary reason ([Passing]), and calls tell, which may be nil, with each new
// reason, and with nil once try succeeds after that. When the patience or ctx ends, it returns the last reason, wrapping ctx's error if ctx ended. It returns any other
// error at once.
func Await(ctx context.Context, patience Patience, tell func(error), try func(context.Context) error) error {
	ticker := time.NewTicker(readyInterval)
	defer ticker.Stop()
	var last error
	begun := time.Now()
	for down := begun; ; {
		err := try(ctx)
		switch {
		case err == nil:
			if tell != nil && last != nil {
				tell(nil)
			}
			return nil
		case ctx.Err() != nil:
			return ended(ctx, last, err)
		case !Passing(err), isDown(err) && time.Since(down) >= patience.Down, !isDown(err) && time.Since(begun) >= patience.Passing:
			return err
		}
		if !isDown(err) {
			down = time.Now()
		}
		if tell != nil && (last == nil || last.Error() != err.Error()) {
			tell(err)
		}
		last = err
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ended(ctx, last, err)
		}
	}
}

// ended is the last reason, wrapping ctx's error.
func ended(ctx context.Context, last, err error) error {
	var reason *ConnError
	if !errors.As(last, &reason) {
		return err
	}
	told := *reason
	told.Err = errors.Join(reason.Err, ctx.Err())
	return &told
}

func isDown(err error) bool {
	var conn *ConnError
	return errors.As(err, &conn) && conn.kind == kindDown
}

// waiting is one wait for a Redis.
type waiting struct {
	explainer
	client redis.Cmdable
	probe  func(context.Context) error
	// looked reports that the server was probed.
	looked bool
}

// ask makes one attempt. It probes a server that does not answer, once, because that costs a connection.
func (w *waiting) ask(ctx context.Context) error {
	asked, cancel := context.WithCancel(ctx)
	defer cancel()
	answer := make(chan error, 1)
	var asking sync.WaitGroup
	asking.Go(func() { answer <- w.question(asked) })
	first := time.NewTimer(lookAfter)
	defer first.Stop()
	if w.looked {
		first.Stop()
	}
	select {
	case err := <-answer:
		if err == nil || ctx.Err() != nil {
			return err
		}
		return w.examine(ctx, err)
	case <-first.C:
		w.looked = true
	}
	if err := w.examine(ctx, errSilent); Lasting(err) {
		cancel()
		asking.Wait()
		return err
	}
	return <-answer
}

// question pings every master and then calls probe.
func (w *waiting) question(ctx context.Context) error {
	err := Ping(ctx, w.client)
	if cluster, ok := w.client.(*redis.ClusterClient); ok && err == nil {
		err = cluster.ForEachMaster(ctx, func(ctx context.Context, master *redis.Client) error { return Ping(ctx, master) })
	}
	if err != nil && !errors.Is(ctx.Err(), context.Canceled) { // a timeout of the caller is reported as the server's silence
		err = w.always(err)
	}
	if err == nil && w.probe != nil {
		err = w.probe(ctx)
	}
	return err
}

// Ping returns nil if the Redis answers. If it cannot save to its disk, it refuses PING with MISCONF, as it refuses writes, but
// it answers reads.
func Ping(ctx context.Context, client redis.Cmdable) error {
	err := client.Ping(ctx).Err()
	if RefusesWrites(err) {
		return nil
	}
	return err
}

// writableKey does not exist; deleting it changes nothing.
const writableKey = "havip:writable"

// Writable tests whether writes are accepted, without changing anything. It returns a [*ConnError] if Redis refuses writes
// because its disk fails, it is a replica, or replicas are missing. It does not detect full memory. In a cluster it tests
// one master.
func Writable(ctx context.Context, client redis.Cmdable) error {
	return client.Del(ctx, writableKey).Err()
}
