package redistest_test

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"havip/test/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestStart_isFreshAndItsOwn(t *testing.T) {
	t.Parallel()
	a, b := redistest.Start(t), redistest.Start(t)
	if a.Addr() == b.Addr() || a.Dir() == b.Dir() {
		t.Fatalf("two servers share %s or %s", a.Addr(), a.Dir())
	}
	if err := a.Client(t).Set(t.Context(), "k", "v", 0).Err(); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Client(t).DBSize(t.Context()).Result(); err != nil || n != 0 {
		t.Errorf("the other server holds %d keys, %v; want none", n, err)
	}
	if !strings.HasPrefix(a.URL(), "redis://127.0.0.1:") {
		t.Errorf("URL() = %q", a.URL())
	}
}

// Many at once: every one comes up although they compete for ports.
func TestStart_manyAtOnce(t *testing.T) {
	t.Parallel()
	for i := range 8 {
		t.Run(strconv.Itoa(i), func(t *testing.T) {
			t.Parallel()
			if err := redistest.Start(t).Client(t).Ping(t.Context()).Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRestart(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		options []redistest.Option
		kept    bool
	}{
		{"memory only", nil, false},
		{"append only", []redistest.Option{redistest.AppendOnly(redistest.Always)}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, tt.options...)
			client := server.Client(t)
			if err := client.Set(t.Context(), "k", "v", 0).Err(); err != nil {
				t.Fatal(err)
			}
			addr := server.Addr()
			server.Kill()
			if _, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", addr); err == nil {
				t.Fatal("a killed server still accepts connections")
			}
			server.Restart(t)
			if server.Addr() != addr {
				t.Errorf("moved from %s to %s", addr, server.Addr())
			}
			err := client.Get(t.Context(), "k").Err()
			if kept := err == nil; kept != tt.kept || (err != nil && !errors.Is(err, redis.Nil)) {
				t.Errorf("kept = %t (%v), want %t", kept, err, tt.kept)
			}
		})
	}
}

func TestStopAndResume(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true, ReadTimeout: -1, MaxRetries: -1})
	defer func() { _ = client.Close() }()
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	server.Stop()
	short, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := client.Ping(short).Err(); err == nil {
		t.Error("a stopped server answered")
	}
	server.Resume()
	if err := client.Ping(t.Context()).Err(); err != nil {
		t.Errorf("a resumed server did not answer: %v", err)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.MaxMemoryPolicy("allkeys-lru"), redistest.Lines("maxmemory 100mb"))
	want := map[string]string{"maxmemory-policy": "allkeys-lru", "maxmemory": strconv.Itoa(100 << 20), "appendonly": "no", "save": ""}
	for name, value := range want {
		got, err := server.Client(t).ConfigGet(t.Context(), name).Result()
		if err != nil || got[name] != value {
			t.Errorf("%s = %q, %v; want %q", name, got[name], err, value)
		}
	}
}
