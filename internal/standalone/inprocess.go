package standalone

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"

	"havip/internal/redisconn"
)

// clockTick is how often the in-process store ages its keys, and so the maximum delay of an expiry. miniredis can do it
// on each command, but scans all keys each time.
const clockTick = time.Second

// InProcess starts a store in this process's memory. It listens on a loopback port with a random password, so that no
// other user of the machine can use it.
func InProcess(ctx context.Context, options ...redisconn.Option) (*Store, error) {
	server := miniredis.NewMiniRedis()
	password := rand.Text()
	server.RequireAuth(password)
	if err := server.Start(); err != nil {
		return nil, fmt.Errorf("start the in-process store: %w", err)
	}
	client, err := redisconn.OpenReady(ctx, "redis://:"+password+"@"+server.Addr()+"/0", redisconn.Patience{}, nil, options...)
	if err != nil {
		server.Close()
		return nil, fmt.Errorf("start the in-process store: %w", err)
	}
	stop, ended := make(chan struct{}), make(chan struct{})
	var clock sync.WaitGroup
	clock.Go(func() { age(server, stop) })
	return &Store{
		client: client,
		ended:  ended,
		cause:  func() error { return nil },
		release: func() error {
			defer close(ended)
			close(stop)
			clock.Wait()
			defer server.Close()
			return client.Close()
		},
	}, nil
}

// age makes keys expire: miniredis, made for tests, does not by itself.
func age(server *miniredis.Miniredis, stop <-chan struct{}) {
	ticker := time.NewTicker(clockTick)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			// Ticks may be dropped on a busy machine, so use the time elapsed.
			now := time.Now()
			server.FastForward(now.Sub(last))
			last = now
		}
	}
}
