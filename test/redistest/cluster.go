package redistest

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	clusterMasters = 3
	clusterSlots   = 16384
	// nodeTimeout lets no slow node be taken for a dead one.
	nodeTimeout = time.Hour
)

// Cluster is a Redis Cluster of three masters with a replica each. It takes some seconds to come up.
// Its roles change only by [Cluster.Promote], however slowly its nodes answer.
type Cluster struct {
	// Masters are those of the start; Replicas[i] follows Masters[i].
	Masters, Replicas []*Server
	nodes             map[*Server]redis.UniversalClient
}

// StartCluster runs a cluster until the test ends. It returns when every node serves and every
// replica has what its master has.
func StartCluster(tb testing.TB) *Cluster {
	tb.Helper()
	c := &Cluster{nodes: map[*Server]redis.UniversalClient{}}
	for range clusterMasters {
		c.Masters, c.Replicas = append(c.Masters, c.node(tb)), append(c.Replicas, c.node(tb))
	}
	c.meet(tb)
	for i, replica := range c.Replicas {
		id, err := c.nodes[c.Masters[i]].ClusterMyID(tb.Context()).Result()
		if err != nil {
			fatal(tb, err)
		}
		c.do(tb, replica, "CLUSTER", "REPLICATE", id)
	}
	for _, replica := range c.Replicas {
		c.await(tb, replica, "INFO replication", "master_link_status:up", "role:slave")
	}
	return c
}

// URL names all nodes as seeds.
func (c *Cluster) URL() string {
	var addrs []string
	for _, node := range append(c.Masters, c.Replicas...) {
		addrs = append(addrs, node.Addr())
	}
	return "redis-cluster://" + strings.Join(addrs, ",")
}

// Owner returns the master, of those of the start, that has the key, and its replica.
func (c *Cluster) Owner(tb testing.TB, key string) (master, replica *Server) {
	tb.Helper()
	slot, err := c.nodes[c.Masters[0]].ClusterKeySlot(tb.Context(), key).Result()
	if err != nil {
		fatal(tb, err)
	}
	i := int(slot) * clusterMasters / clusterSlots
	return c.Masters[i], c.Replicas[i]
}

// Promote makes the replica the master of its slots, in the place of one that was killed. It returns when
// the replica serves them.
func (c *Cluster) Promote(tb testing.TB, replica *Server) {
	tb.Helper()
	c.do(tb, replica, "CLUSTER", "FAILOVER", "TAKEOVER")
	c.await(tb, replica, "INFO replication", "role:master")
}

func (c *Cluster) node(tb testing.TB) *Server {
	tb.Helper()
	s := Start(tb, Lines(clusterEnabled, "cluster-announce-ip 127.0.0.1", "cluster-replica-no-failover yes",
		fmt.Sprintf("cluster-node-timeout %d", nodeTimeout.Milliseconds())))
	c.nodes[s] = s.Client(tb)
	return s
}

// meet makes one cluster of the nodes.
func (c *Cluster) meet(tb testing.TB) {
	tb.Helper()
	for i, master := range c.Masters {
		from, to := ceiling(i*clusterSlots, clusterMasters), ceiling((i+1)*clusterSlots, clusterMasters)-1
		c.do(tb, master, "CLUSTER", "ADDSLOTSRANGE", from, to)
		c.do(tb, master, "CLUSTER", "SET-CONFIG-EPOCH", i+1)
	}
	for node := range c.nodes {
		host, port, err := net.SplitHostPort(node.Addr())
		if err != nil {
			fatal(tb, err)
		}
		c.do(tb, c.Masters[0], "CLUSTER", "MEET", host, port)
	}
	for node := range c.nodes {
		c.await(tb, node, "CLUSTER INFO", "cluster_state:ok", fmt.Sprintf("cluster_known_nodes:%d", len(c.nodes)))
	}
}

func ceiling(a, b int) int { return (a + b - 1) / b }

func (c *Cluster) do(tb testing.TB, node *Server, command ...any) {
	tb.Helper()
	if err := c.nodes[node].Do(tb.Context(), command...).Err(); err != nil {
		fatal(tb, fmt.Errorf("%v: %w", command, err))
	}
}

// await asks the node until its answer has all the words.
func (c *Cluster) await(tb testing.TB, node *Server, command string, words ...string) {
	tb.Helper()
	Poll(tb, command+" of "+node.Addr(), func(ctx context.Context) error {
		answer, err := c.nodes[node].Do(ctx, asArgs(command)...).Text()
		if err == nil && !containsAll(answer, words) {
			err = fmt.Errorf("want %q in:\n%s", words, answer)
		}
		return err
	})
}

func asArgs(command string) []any {
	var args []any
	for word := range strings.FieldsSeq(command) {
		args = append(args, word)
	}
	return args
}

func containsAll(text string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}
