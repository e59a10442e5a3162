package redisconn

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Check checks whether the Redis keeps acknowledged writes: every master of a cluster, else the one server.
// It returns no findings if all is well. The error is a [*ConnError] if a server could not be reached; data
// that a server does not report (INFO or CONFIG forbidden or unknown) is a finding.
//
// It relies on INFO, because hosted services often forbid CONFIG, which adds the save points and the fsync
// policy.
func Check(ctx context.Context, client redis.Cmdable) ([]Finding, error) {
	name := "server"
	switch client := client.(type) {
	case *redis.ClusterClient:
		return checkCluster(ctx, client)
	case *redis.Client:
		name = nodeName(client)
	}
	findings, err := checkNode(ctx, client, name, false)
	if err != nil {
		return nil, explainer{Options{Addrs: []string{name}}}.always(err) // another package may have created the client
	}
	return findings, nil
}

// nodeName returns the server's address. With sentinels, where it may change, go-redis has a placeholder.
func nodeName(client *redis.Client) string {
	if addr := client.Options().Addr; addr != "FailoverClient" {
		return addr
	}
	return "master"
}

func checkCluster(ctx context.Context, client *redis.ClusterClient) ([]Finding, error) {
	var mu sync.Mutex
	var all []Finding
	// The client of a node does not explain errors.
	x := explainer{Options{Mode: Cluster, Addrs: client.Options().Addrs}}
	err := client.ForEachMaster(ctx, func(ctx context.Context, node *redis.Client) error {
		findings, err := checkNode(ctx, node, node.Options().Addr, true)
		mu.Lock()
		defer mu.Unlock()
		all = append(all, findings...)
		return err
	})
	if err != nil {
		return nil, x.always(err)
	}
	slices.SortStableFunc(all, func(a, b Finding) int { return cmp.Compare(a.Node, b.Node) })
	return all, nil
}

// checkNode checks one server.
func checkNode(ctx context.Context, client redis.Cmdable, node string, cluster bool) ([]Finding, error) {
	text, err := client.Info(ctx).Result()
	if err != nil && !isReply(err) || redis.IsAuthError(err) || Passing(explainer{}.explain(err)) {
		return nil, err
	}
	state := nodeState{cluster: cluster, info: parseInfo(text)}
	// After a refusal, the settings are unknown.
	if config, err := client.ConfigGet(ctx, "save").Result(); err == nil {
		state.save, state.knowsSave = config["save"], len(config) > 0
	} else if !isReply(err) {
		return nil, err
	}
	if config, err := client.ConfigGet(ctx, "appendfsync").Result(); err == nil {
		state.fsync = config["appendfsync"]
	} else if !isReply(err) {
		return nil, err
	}
	if config, err := client.ConfigGet(ctx, "min-replicas-to-write").Result(); err == nil {
		state.minReplicas, _ = strconv.Atoi(config["min-replicas-to-write"])
	} else if !isReply(err) {
		return nil, err
	}
	if state.info["aof_enabled"] == "1" {
		if state.replay, err = readReplay(ctx, client); err != nil {
			return nil, err
		}
	}
	findings := evaluate(state)
	for i := range findings {
		findings[i].Node = node
	}
	return findings, nil
}

// parseInfo reads the reply of INFO: "name:value" lines under "# Section" headings.
func parseInfo(text string) map[string]string {
	info := map[string]string{}
	for line := range strings.Lines(text) {
		if name, value, found := strings.Cut(strings.TrimSpace(line), ":"); found && !strings.HasPrefix(name, "#") {
			info[name] = value
		}
	}
	return info
}
