//go:build unix

package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// resumeWithin is how long after a failover a worker must have sent a create again, if Redis is all that fails.
	resumeWithin = 10 * time.Second
	// askEvery is how often each sentinel, or node of the cluster, is asked for the masters.
	askEvery = 50 * time.Millisecond
)

// slotsFormat names the slots of a shard.
const slotsFormat = "slots %d-%d"

// Failover is a master that replaced another, since the first sentinel or node named it.
type Failover struct {
	At time.Time
	// Shard is the sentinels' name of the master, or its slots in a cluster.
	Shard, From, To string
}

func (f Failover) String() string { return fmt.Sprintf("%s of %s to %s", f.From, f.Shard, f.To) }

// masters are those that the sentinels, or the nodes of the cluster, name. It is safe for concurrent use.
type masters struct {
	mu sync.Mutex
	// named is the answer of each server, and current the last news among them, by shard.
	named     map[string]map[string]string
	current   map[string]string
	failovers []Failover
}

// note enters the answer of one server. A failover is news: an answer that its server has not given before, and no other
// server either. So one that learns of it late, or that repeats what it knew before it was down, is no news.
func (m *masters) note(server string, answer map[string]string, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.named == nil {
		m.named, m.current = map[string]map[string]string{}, map[string]string{}
	}
	before := m.named[server]
	m.named[server] = answer
	for _, shard := range slices.Sorted(maps.Keys(answer)) {
		master, current := answer[shard], m.current[shard]
		switch {
		case current == "":
			m.current[shard] = master
		case before[shard] != "" && before[shard] != master && current != master:
			m.current[shard] = master
			m.failovers = append(m.failovers, Failover{at, shard, current, master})
		}
	}
}

func (m *masters) all() []Failover {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.failovers)
}

// asking asks a server for the masters, by shard.
type asking func(ctx context.Context, server *redis.Client) (map[string]string, error)

// watch asks each server for the masters until the store is closed.
func (s *store) watch(ctx context.Context, ask asking, addrs []string) {
	ctx, s.endWatch = context.WithCancel(context.WithoutCancel(ctx))
	for _, addr := range addrs {
		s.watching.Go(func() {
			server := redis.NewClient(&redis.Options{Addr: addr, DisableIdentity: true, MaxRetries: -1, ContextTimeoutEnabled: true})
			defer func() { _ = server.Close() }()
			for pause(ctx, askEvery) {
				asked, cancel := context.WithTimeout(ctx, time.Second)
				answer, err := ask(asked, server)
				cancel()
				if err == nil {
					s.masters.note(addr, answer, time.Now())
				}
			}
		})
	}
}

func askSentinel(ctx context.Context, sentinel *redis.Client) (map[string]string, error) {
	addr, err := sentinel.Do(ctx, "sentinel", "get-master-addr-by-name", masterName).StringSlice()
	if err != nil {
		return nil, err
	}
	if len(addr) != 2 {
		return nil, fmt.Errorf("sentinel: %q is no address", addr)
	}
	return map[string]string{masterName: net.JoinHostPort(addr[0], addr[1])}, nil
}

func askNode(ctx context.Context, node *redis.Client) (map[string]string, error) {
	shards, err := node.ClusterShards(ctx).Result()
	if err != nil {
		return nil, err
	}
	answer := map[string]string{}
	for _, shard := range shards {
		for _, n := range shard.Nodes {
			if len(shard.Slots) > 0 && n.Role == "master" && n.Health == "online" {
				answer[fmt.Sprintf(slotsFormat, shard.Slots[0].Start, shard.Slots[0].End)] = net.JoinHostPort(n.IP, strconv.FormatInt(n.Port, 10))
			}
		}
	}
	return answer, nil
}

// shardOf is the shard of the keys with this hash tag.
func (s *store) shardOf(ctx context.Context, tag string) (string, error) {
	if s.kind != cluster {
		return masterName, nil
	}
	slot, err := s.nodes[0].client.ClusterKeySlot(ctx, tag).Result()
	if err != nil {
		return "", err
	}
	for _, shard := range s.masters.shards() {
		var from, to int64
		if _, err := fmt.Sscanf(shard, slotsFormat, &from, &to); err == nil && from <= slot && slot <= to {
			return shard, nil
		}
	}
	return "", fmt.Errorf("slot %d has no master", slot)
}

func (m *masters) shards() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.current))
}

// sendsOf are the creates of the lanes whose queues are on a shard; of all lanes for one that has none, as it has keys of
// all.
func (seen Observations) sendsOf(shard string) []Send {
	regions := map[string]string{}
	for _, r := range seen.Results {
		regions[r.ClientToken] = r.Region
	}
	var sends []Send
	for _, s := range seen.Sends {
		if seen.Shards[regions[s.Token]] == shard {
			sends = append(sends, s)
		}
	}
	if len(sends) == 0 {
		return seen.Sends
	}
	return sends
}

// untilResumed is how long after a failover a worker began to send a create again that its shard was needed for.
func (seen Observations) untilResumed(f Failover) (wait time.Duration, resumed bool) {
	for _, s := range seen.sendsOf(f.Shard) {
		if d := s.From.Sub(f.At); d >= 0 && (!resumed || d < wait) {
			wait, resumed = d, true
		}
	}
	return wait, resumed
}

// failoverLine says how soon after each failover the workers went on.
func failoverLine(seen Observations) string {
	texts := []string{fmt.Sprintf("failovers: %d", len(seen.Failovers))}
	for _, f := range seen.Failovers {
		if wait, resumed := seen.untilResumed(f); resumed {
			texts = append(texts, fmt.Sprintf("%s until the next create", wait.Round(time.Millisecond)))
		} else {
			texts = append(texts, "no create was needed any more")
		}
	}
	return strings.Join(texts, "; ")
}
