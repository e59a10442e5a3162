//go:build unix

package main

import (
	"context"
	"testing"

	"havip/internal/redisconn"
)

// TestStoreComesBack: however Redis ends, it restarts with all acknowledged writes.
func TestStoreComesBack(t *testing.T) {
	t.Parallel()
	for name, down := range map[string]func(context.Context, *store){
		"killed": func(_ context.Context, s *store) { s.kill() },
		"ended":  func(ctx context.Context, s *store) { s.end(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := startStore(t.Context(), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { s.kill() }()
			rdb, err := redisconn.Open(t.Context(), s.url())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = rdb.Close() }()
			if err := rdb.Set(t.Context(), "told", name, 0).Err(); err != nil {
				t.Fatal(err)
			}
			down(t.Context(), s)
			if conn, err := s.dial(t.Context()); err == nil {
				_ = conn.Close()
				t.Error("it still answers")
			}
			if err := s.run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := rdb.Get(t.Context(), "told").Val(); got != name {
				t.Errorf("after it came back it says %q", got)
			}
		})
	}
}
