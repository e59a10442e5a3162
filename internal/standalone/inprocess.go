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

// clockTick is how often the in-process store ages its keys, and so how late one may
// expire. miniredis can also do it on each command, but looks at every key each time.
const clockTick = time.Second

// InProcess starts a store in this program's memory. It listens on a loopback port, with a
// password that only this process knows, so that no other user of the machine can reach it.
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

// age lets keys expire with the passing of time: miniredis has been made for tests, and
// left alone its keys never do.
func age(server *miniredis.Miniredis, stop <-chan struct{}) {
	ticker := time.NewTicker(clockTick)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-stop:
			return
		case <-ticker.C:
			// Ticks are dropped when the machine is busy; time is not.
			now := time.Now()
			server.FastForward(now.Sub(last))
			last = now
		}
	}
}
