//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"havip/internal/redisconn"
)

// TestStoreComesBack: however Redis ends, it restarts with all acknowledged writes.
func TestStoreComesBack(t *testing.T) {
	t.Parallel()
	for name, down := range map[string]func(context.Context, *node){
		"killed": func(_ context.Context, n *node) { n.kill() },
		"ended":  func(ctx context.Context, n *node) { n.end(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := startStore(t.Context(), standalone, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer s.close()
			rdb, err := redisconn.Open(t.Context(), s.url())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = rdb.Close() }()
			if err := rdb.Set(t.Context(), "told", name, 0).Err(); err != nil {
				t.Fatal(err)
			}
			down(t.Context(), s.nodes[0])
			if conn, err := s.dial(t.Context()); err == nil {
				_ = conn.Close()
				t.Error("it still answers")
			}
			if err := s.nodes[0].run(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := rdb.Get(t.Context(), "told").Val(); got != name {
				t.Errorf("after it came back it says %q", got)
			}
		})
	}
}

// TestMasterIsReplaced: one that is killed comes back as a replica, what a replica had confirmed is still there,
// and nothing else is done to Redis before it is whole again.
func TestMasterIsReplaced(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{sentinels, cluster} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s, err := startStore(t.Context(), kind, t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer s.close()
			rdb, err := redisconn.Open(t.Context(), s.url())
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = rdb.Close() }()
			keys := []string{"one", "two", "three", "four", "five", "six"} // in all thirds of the slots
			for _, key := range keys {
				if err := rdb.Set(t.Context(), key, key, 0).Err(); err != nil {
					t.Fatal(err)
				}
			}
			if err := s.poll(t.Context(), "the replicas", s.replicated); err != nil {
				t.Fatal(err)
			}
			var victim *node
			err = s.hit(t.Context(), 0, func(n *node) error {
				victim = n
				if err := s.hit(t.Context(), 0, nil); !errors.Is(err, errBusy) {
					t.Errorf("a second event at once: %v", err)
				}
				return s.restart(t.Context(), n, n.kill, 0)
			})
			if err != nil {
				t.Fatal(err)
			}
			if facts, err := victim.replication(t.Context()); err != nil || facts["role"] != "slave" {
				t.Errorf("the killed master is %v, %v", facts["role"], err)
			}
			err = s.poll(t.Context(), "news of the failover", func(context.Context) error {
				if failovers := s.masters.all(); len(failovers) != 1 || failovers[0].From != victim.address {
					return fmt.Errorf("%v", failovers)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			for _, key := range keys {
				if got, err := rdb.Get(t.Context(), key).Result(); got != key || err != nil {
					t.Errorf("%s is %q, %v", key, got, err)
				}
			}
		})
	}
}

// replicated fails until a replica has everything that its master has.
func (s *store) replicated(ctx context.Context) error {
	for _, n := range s.nodes {
		facts, err := n.replication(ctx)
		if err != nil {
			return err
		}
		if facts["role"] == "master" && !strings.Contains(facts["slave0"], "offset="+facts["master_repl_offset"]+",") {
			return errors.New(facts["slave0"])
		}
	}
	return nil
}
