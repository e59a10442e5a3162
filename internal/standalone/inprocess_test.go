package standalone_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/internal/standalone"
)

func inProcess(t *testing.T) *standalone.Store {
	t.Helper()
	store, err := standalone.InProcess(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return store
}

func TestInProcess(t *testing.T) {
	t.Parallel()
	store := inProcess(t)
	if store.Durable() {
		t.Error("Durable() = true")
	}
	script := redis.NewScript(`return redis.call("SET", KEYS[1], ARGV[1])`)
	if err := script.Run(t.Context(), store.Client(), []string{"k"}, "v").Err(); err != nil {
		t.Errorf("script: %v", err)
	}
	select {
	case <-store.Done():
		t.Error("Done is closed while the store runs")
	default:
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	<-store.Done()
	if err := store.Err(); err != nil {
		t.Errorf("Err() after Close = %v", err)
	}
}

// Another user of the machine can find the port, but does not know the password.
func TestInProcess_closedToStrangers(t *testing.T) {
	t.Parallel()
	store := inProcess(t)
	stranger := redis.NewClient(&redis.Options{Addr: store.Client().(*redis.Client).Options().Addr})
	defer func() { _ = stranger.Close() }()
	if err := stranger.Get(t.Context(), "k").Err(); err == nil || errors.Is(err, redis.Nil) || !strings.Contains(err.Error(), "NOAUTH") {
		t.Errorf("a client without the password: %v; want NOAUTH", err)
	}
}

// Keys expire by themselves, as asynq's heartbeats and the lanes' leases rely on.
func TestInProcess_keysExpire(t *testing.T) {
	t.Parallel()
	client := inProcess(t).Client()
	if err := client.Set(t.Context(), "k", "v", 10*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // a safety timeout
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for {
		n, err := client.Exists(ctx, "k").Result()
		if err != nil {
			t.Fatalf("the key never expired: %v", err)
		}
		if n == 0 {
			return
		}
		<-ticker.C
	}
}
