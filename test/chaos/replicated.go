//go:build unix

package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"havip/test/freeport"
)

const (
	sentinelCount  = 3
	sentinelQuorum = 2
	clusterMasters = 3
	clusterSlots   = 16384
	// busDistance is how far the port of a cluster's bus is above the server's.
	busDistance = 10_000
	// masterName is the sentinels' name of the master.
	masterName = "m"
	// downAfter is how long a master must not answer until it is replaced.
	downAfter = 2 * time.Second
)

// startSentinels has a master, a replica, and three sentinels.
func (s *store) startSentinels(ctx context.Context) error {
	for i := range 2 {
		var lines []string
		if i > 0 {
			host, port, _ := net.SplitHostPort(s.nodes[0].address) // it is one of ours
			lines = []string{"replicaof " + host + " " + port}
		}
		if err := s.addNode(ctx, lines); err != nil {
			return err
		}
	}
	// A sentinel asks its master for replicas at the start and then each 10 s.
	if err := s.poll(ctx, "the replica", func(ctx context.Context) error { return s.whole(ctx, true) }); err != nil {
		return err
	}
	var addrs []string
	for i := range sentinelCount {
		addr, err := s.addSentinel(i)
		if err != nil {
			return err
		}
		addrs = append(addrs, addr)
	}
	s.address = "redis-sentinel://" + strings.Join(addrs, ",") + "/0?master=" + masterName
	s.watch(ctx, askSentinel, addrs)
	return nil
}

func (s *store) addSentinel(number int) (addr string, err error) {
	addr, release, err := freeport.Hold()
	if err != nil {
		return "", err
	}
	s.release = append(s.release, release)
	host, masterPort, _ := net.SplitHostPort(s.nodes[0].address) // both are ours
	_, port, _ := net.SplitHostPort(addr)
	config := fmt.Sprintf("port %[1]s\nbind 127.0.0.1\nsentinel monitor %[2]s %[3]s %[4]s %[5]d\nsentinel down-after-milliseconds %[2]s %[6]d\nsentinel failover-timeout %[2]s 5000\n",
		port, masterName, host, masterPort, sentinelQuorum, downAfter.Milliseconds())
	name := fmt.Sprintf("sentinel-%d", number)
	path := filepath.Join(s.dir, name+".conf")
	if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
		return "", err
	}
	p, err := start(command{path: "redis-server", args: []string{path, "--sentinel"}, dir: s.dir, log: filepath.Join(s.dir, name+".log")})
	if err != nil {
		return "", err
	}
	s.running = append(s.running, p)
	return addr, nil
}

// startCluster has three masters with a replica each.
func (s *store) startCluster(ctx context.Context) error {
	s.shards = clusterMasters
	for range 2 * clusterMasters {
		lines := []string{"cluster-enabled yes", "cluster-announce-ip 127.0.0.1", fmt.Sprintf("cluster-node-timeout %d", downAfter.Milliseconds())}
		if err := s.addNode(ctx, lines, busDistance); err != nil {
			return err
		}
	}
	var addrs []string
	for _, n := range s.nodes {
		addrs = append(addrs, n.address)
	}
	s.address = "redis-cluster://" + strings.Join(addrs, ",")
	if err := s.meet(ctx); err != nil {
		return err
	}
	s.watch(ctx, askNode, addrs)
	return nil
}

// meet makes one cluster of the servers; the second half of them become replicas of the first.
func (s *store) meet(ctx context.Context) error {
	for i, n := range s.nodes {
		host, port, _ := net.SplitHostPort(n.address) // it is one of ours
		commands := [][]any{{"CLUSTER", "SET-CONFIG-EPOCH", i + 1}}
		if i < clusterMasters {
			commands = append(commands, []any{"CLUSTER", "ADDSLOTSRANGE", i * clusterSlots / clusterMasters, (i+1)*clusterSlots/clusterMasters - 1})
		}
		for _, command := range commands {
			if err := n.client.Do(ctx, command...).Err(); err != nil {
				return fmt.Errorf("%v: %w", command, err)
			}
		}
		if err := s.nodes[0].client.ClusterMeet(ctx, host, port).Err(); err != nil {
			return err
		}
	}
	for i, n := range s.nodes[clusterMasters:] {
		id, err := s.nodes[i].client.ClusterMyID(ctx).Result()
		if err != nil {
			return err
		}
		if err := s.poll(ctx, "a replica", func(ctx context.Context) error { return n.client.ClusterReplicate(ctx, id).Err() }); err != nil {
			return err
		}
	}
	return nil
}

func (s *store) addNode(ctx context.Context, lines []string, distances ...int) error {
	dir, err := s.subdir(fmt.Sprintf("redis-%d", len(s.nodes)))
	if err != nil {
		return err
	}
	n, err := portNode(dir, lines, distances...)
	if err != nil {
		return err
	}
	s.nodes = append(s.nodes, n)
	return n.run(ctx)
}

// serves fails while a server that runs has a cluster for broken.
func (s *store) serves(ctx context.Context) error {
	if s.kind != cluster {
		return nil
	}
	for _, n := range s.nodes {
		if info, err := n.client.ClusterInfo(ctx).Result(); err == nil && !strings.Contains(info, "cluster_state:ok") {
			return fmt.Errorf("%s does not serve", n.address)
		}
	}
	return nil
}
