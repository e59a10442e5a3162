//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// What a run's Redis is.
const (
	standalone = "standalone"
	sentinels  = "sentinel"
	cluster    = "cluster"
)

// store is the Redis of a run: one server, or several of which a replica replaces a master that died.
type store struct {
	kind  string
	dir   string
	nodes []*node
	// shards is how many masters there must be.
	shards int
	// address is the way past every link.
	address string
	// running are the sentinels, and release gives their ports back.
	running []*process
	release []func()
	// hits is held while something is done to a server, until all is well again.
	hits sync.Mutex

	masters  masters
	endWatch context.CancelFunc
	watching sync.WaitGroup
}

// startStore returns when everything serves, with replicas that follow their masters.
func startStore(ctx context.Context, kind, dir string) (*store, error) {
	s := &store{kind: kind, dir: dir, shards: 1, endWatch: func() {}}
	setup := map[string]func(context.Context) error{standalone: s.startStandalone, sentinels: s.startSentinels, cluster: s.startCluster}
	err := setup[kind](ctx)
	if err == nil {
		err = s.awaitHealthy(ctx)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// startStandalone has a server that listens on a Unix socket only, so that no stranger's connection ever takes
// its place while it is down.
func (s *store) startStandalone(ctx context.Context) error {
	n := socketNode(s.dir)
	s.nodes, s.address = []*node{n}, "unix://"+n.address
	return n.run(ctx)
}

func (s *store) url() string { return s.address }

// urlThrough leads through the link if Redis is one server. The clients of several connect to each by themselves.
func (s *store) urlThrough(l *Link) string {
	if s.kind == standalone {
		return "redis://" + l.Addr() + "/0"
	}
	return s.address
}

// dial connects a link to the server; links to several are not used.
func (s *store) dial(ctx context.Context) (net.Conn, error) {
	n := s.nodes[0]
	return (&net.Dialer{}).DialContext(ctx, n.network, n.address)
}

// errBusy is of an event that came while Redis was still recovering from the last.
var errBusy = errors.New("left out: Redis is still recovering")

// hit does something to a server: of several, to the master of that number. It returns when Redis is whole again: a
// second failure during a failover loses data by Redis's design. Nor do restarts overlap, as two servers would share
// the data.
func (s *store) hit(ctx context.Context, number int, do func(*node) error) error {
	if s.kind == standalone {
		s.hits.Lock()
	} else if !s.hits.TryLock() {
		return errBusy
	}
	defer s.hits.Unlock()
	victim, err := s.master(ctx, number)
	if err != nil {
		return err
	}
	if err := do(victim); err != nil {
		return err
	}
	return s.awaitHealthy(context.WithoutCancel(ctx))
}

// restart ends a server, and starts it again after some time, whatever else has come to its end. One that has
// a replica stays away until that has replaced it.
func (s *store) restart(ctx context.Context, n *node, end func(), down time.Duration) error {
	end()
	keep := context.WithoutCancel(ctx)
	if s.kind != standalone {
		if err := s.poll(keep, "a failover", func(ctx context.Context) error { return s.whole(ctx, false) }); err != nil {
			return err
		}
	}
	pause(ctx, down)
	return n.run(keep)
}

// master returns the master of a number, modulo how many there are.
func (s *store) master(ctx context.Context, number int) (*node, error) {
	if s.kind == standalone {
		return s.nodes[0], nil
	}
	var masters []*node
	for _, n := range s.nodes {
		if facts, err := n.replication(ctx); err == nil && facts["role"] == "master" {
			masters = append(masters, n)
		}
	}
	if len(masters) != s.shards {
		return nil, fmt.Errorf("%d masters, want %d", len(masters), s.shards)
	}
	return masters[number%len(masters)], nil
}

// awaitHealthy waits until every server runs, and every master has a replica that follows it.
func (s *store) awaitHealthy(ctx context.Context) error {
	if s.kind == standalone {
		return nil
	}
	return s.poll(ctx, "replicas that follow their masters", func(ctx context.Context) error { return s.whole(ctx, true) })
}

// whole fails unless there are as many masters as there must be, and, where asked, each of them has a replica.
func (s *store) whole(ctx context.Context, replicated bool) error {
	masters, followed := 0, 0
	for _, n := range s.nodes {
		facts, err := n.replication(ctx)
		if err != nil {
			if replicated {
				return err
			}
			continue
		}
		if facts["role"] == "master" {
			masters++
			if strings.Contains(facts["slave0"], "state=online") {
				followed++
			}
		}
	}
	if masters != s.shards || replicated && followed != masters {
		return fmt.Errorf("%d masters of which %d have a replica, want %d", masters, followed, s.shards)
	}
	return s.serves(ctx)
}

func (s *store) poll(ctx context.Context, what string, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, redisStart)
	defer cancel()
	for {
		err := try(ctx)
		if err == nil {
			return nil
		}
		if !pause(ctx, 50*time.Millisecond) {
			return fmt.Errorf("redis: waited %s for %s: %w", redisStart, what, err)
		}
	}
}

// close ends everything.
func (s *store) close() {
	s.endWatch()
	s.watching.Wait()
	for _, p := range s.running {
		p.kill()
	}
	for _, n := range s.nodes {
		n.close()
	}
	for _, release := range s.release {
		release()
	}
}

func (s *store) subdir(name string) (string, error) {
	dir := filepath.Join(s.dir, name)
	return dir, os.Mkdir(dir, 0o700)
}
