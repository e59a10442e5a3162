package redisconn

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// clusterNodes are the nodes of a Redis Cluster. Each has its own view of the slots' owners, and after a
// takeover the old master learns of it last.
type clusterNodes struct{ client *redis.ClusterClient }

func (t *clusterNodes) server(ctx context.Context, key string) (redis.Cmdable, error) {
	t.client.ReloadState(ctx) // asynchronous: a check that fails because of a stale state is repeated
	return t.client.MasterForKey(ctx, key)
}

func (*clusterNodes) confirmed(context.Context, int) error { return nil }

// slots returns all tags, because each may have a different master.
func (*clusterNodes) slots(tags []string) []string { return tags }

// survey compares the views of all nodes that answer.
func (t *clusterNodes) survey(ctx context.Context, key string) survey {
	ctx, cancel := context.WithTimeout(ctx, surveyPatience)
	defer cancel()
	slot, err := t.client.ClusterKeySlot(ctx, key).Result()
	if err != nil {
		return survey{moving: "the cluster does not answer"}
	}
	views := t.views(ctx)
	var owner clusterNode
	var server *redis.Client
	for _, v := range views {
		if o, found := v.ownerOf(int(slot)); found && (owner.id == "" || o.epoch > owner.epoch) {
			owner = o
		}
	}
	var s survey
	for _, v := range views {
		s.replicas = max(s.replicas, v.replicasOf(owner.id))
		if o, found := v.ownerOf(int(slot)); found && o.id != owner.id {
			s.moving = "the cluster's nodes name different masters"
		}
		if v.nodes[v.self].id == owner.id {
			server = v.server
		}
	}
	if server == nil {
		s.moving = "the master that the cluster's nodes name does not answer"
		return s
	}
	master, err := replicationOf(ctx, server)
	if err != nil {
		s.moving = "the master that the cluster's nodes name does not answer"
		return s
	}
	s.master = &master
	return s
}

func (t *clusterNodes) views(ctx context.Context) []clusterView {
	var mu sync.Mutex
	var all []clusterView
	// Nodes that are down are no error: the others report them.
	_ = t.client.ForEachShard(ctx, func(ctx context.Context, server *redis.Client) error {
		text, err := server.ClusterNodes(ctx).Result()
		view := parseClusterNodes(text)
		if err != nil || view.self < 0 {
			return nil
		}
		view.server = server
		mu.Lock()
		defer mu.Unlock()
		all = append(all, view)
		return nil
	})
	return all
}

// clusterView is one node's view of the cluster.
type clusterView struct {
	server *redis.Client
	nodes  []clusterNode
	// self is that node's index in nodes, -1 if it is missing.
	self int
}

type clusterNode struct {
	id string
	// master is the ID of the node's master, "" for a master.
	master string
	epoch  int
	slots  [][2]int
}

// parseClusterNodes reads the reply of CLUSTER NODES, one line per node:
// id addr flags master ping-sent pong-received config-epoch link-state slot…
func parseClusterNodes(text string) clusterView {
	view := clusterView{self: -1}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 8 {
			continue
		}
		node := clusterNode{id: fields[0]}
		if fields[3] != "-" {
			node.master = fields[3]
		}
		node.epoch, _ = strconv.Atoi(fields[6])
		for _, slots := range fields[8:] {
			if s, ok := parseSlots(slots); ok {
				node.slots = append(node.slots, s)
			}
		}
		if slices.Contains(strings.Split(fields[2], ","), "myself") {
			view.self = len(view.nodes)
		}
		view.nodes = append(view.nodes, node)
	}
	return view
}

// parseSlots reads "5" or "5-9"; slots in brackets are being migrated and do not count.
func parseSlots(text string) (slots [2]int, ok bool) {
	from, to, isRange := strings.Cut(text, "-")
	if !isRange {
		to = from
	}
	first, err := strconv.Atoi(from)
	if err != nil {
		return slots, false
	}
	last, err := strconv.Atoi(to)
	return [2]int{first, last}, err == nil
}

func (v clusterView) ownerOf(slot int) (clusterNode, bool) {
	for _, node := range v.nodes {
		for _, s := range node.slots {
			if s[0] <= slot && slot <= s[1] {
				return node, true
			}
		}
	}
	return clusterNode{}, false
}

// replicasOf counts the replicas of a master, including those that are down.
func (v clusterView) replicasOf(master string) int {
	n := 0
	for _, node := range v.nodes {
		if node.master == master && master != "" {
			n++
		}
	}
	return n
}
