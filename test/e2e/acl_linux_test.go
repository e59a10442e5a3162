package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// A line of the runbook that makes a user, and what it adds for a cluster.
var (
	aclRule      = regexp.MustCompile(`(?m)^ACL SETUSER (\S+) .* >(\S+) .*$`)
	clusterRules = regexp.MustCompile("In a Redis Cluster, add `([^`]+)`")
)

// documentedACL is what the runbook says of ACLs.
type documentedACL struct {
	// rules and passwords are by user; cluster is added to a rule in a cluster.
	rules, passwords map[string]string
	cluster          string
}

func readACL(t *testing.T) documentedACL {
	t.Helper()
	runbook, err := os.ReadFile(filepath.Join("..", "..", "docs", "RUNBOOK.md"))
	if err != nil {
		t.Fatal(err)
	}
	acl := documentedACL{map[string]string{}, map[string]string{}, string(clusterRules.FindSubmatch(runbook)[1])}
	for _, rule := range aclRule.FindAllStringSubmatch(string(runbook), -1) {
		acl.rules[rule[1]], acl.passwords[rule[1]] = rule[0], rule[2]
	}
	return acl
}

// create makes a user on each server.
func (acl documentedACL) create(t *testing.T, user, more string, servers ...redis.UniversalClient) {
	t.Helper()
	var command []any
	for word := range strings.FieldsSeq(acl.rules[user] + " " + more) {
		command = append(command, word)
	}
	for _, server := range servers {
		if err := server.Do(t.Context(), command...).Err(); err != nil {
			t.Fatalf("%v: %v", command, err)
		}
	}
}

// userInfo is the part of a URL with user and password.
func (acl documentedACL) userInfo(user string) string { return user + ":" + acl.passwords[user] + "@" }

const workerUser, producerUser, sentinelUser = "havip-worker", "havip-producer", "havip-sentinel"

// TestDocumentedACL: a worker and a producer that may only do what the runbook grants them work on batches from end to
// end, and are refused nothing, with Sentinel and in a Cluster.
func TestDocumentedACL(t *testing.T) {
	t.Parallel()
	t.Run("sentinel", func(t *testing.T) {
		t.Parallel()
		acl := readACL(t)
		master := redistest.Start(t, redistest.AppendOnly(redistest.Always))
		replica := redistest.Start(t, redistest.AppendOnly(redistest.Always), redistest.ReplicaOf(master))
		sentinel := redistest.StartSentinel(t, master)
		servers := []redis.UniversalClient{master.Client(t), replica.Client(t)}
		acl.create(t, workerUser, "", servers...)
		acl.create(t, producerUser, "", servers...)
		acl.create(t, sentinelUser, "", sentinel.Client(t))
		worksUnderACL(t, append(servers, sentinel.Client(t)), func(user string) string {
			return "redis-sentinel://" + acl.userInfo(user) + sentinel.Addr() + "/0?master=m&sentinel_user=" + sentinelUser +
				"&sentinel_password=" + acl.passwords[sentinelUser]
		})
	})
	t.Run("cluster", func(t *testing.T) {
		t.Parallel()
		acl := readACL(t)
		cluster := redistest.StartCluster(t)
		var servers []redis.UniversalClient
		for _, node := range append(cluster.Masters, cluster.Replicas...) {
			server := node.Client(t)
			if err := server.ConfigSet(t.Context(), "appendonly", "yes").Err(); err != nil {
				t.Fatal(err)
			}
			servers = append(servers, server)
		}
		acl.create(t, workerUser, acl.cluster, servers...)
		acl.create(t, producerUser, acl.cluster, servers...)
		worksUnderACL(t, servers, func(user string) string {
			return strings.Replace(cluster.URL(), "://", "://"+acl.userInfo(user), 1)
		})
	})
}

func worksUnderACL(t *testing.T, servers []redis.UniversalClient, urlOf func(user string) string) {
	t.Helper()
	w := newStack(t)
	// A slow replica is none of the users' permissions.
	common := append(without(w.env, "HAVIP_REDIS_URL"), "HAVIP_ALLOW_UNVERIFIED_DURABILITY=true")
	as := func(user string) { w.env = append(common[:len(common):len(common)], "HAVIP_REDIS_URL="+urlOf(user)) }
	as(workerUser)
	w.worker(t)
	as(producerUser)
	rows := fixedRowsOf(20)
	file := w.write(t, "granted.csv", rows)
	w.enqueue(t, "plan", file)
	w.enqueue(t, "apply", file, "--yes", "--wait")
	w.requireExactlyOnce(t, "granted", rows)
	for _, args := range [][]string{
		{"status"},
		{"status", "granted"},
		{"list"},
		{"results", "granted"},
		{"results", "granted", "--attempts"},
		{"events", "granted"},
		{"verify", "granted"},
		{"doctor"},
		{"pause", "default/bj", "--reason", "test"},
		{"resume", "default/bj"},
		{"limit", "set", "default/bj", "--rps", "100"},
		{"limit", "show"},
		{"retry", "granted", "--yes"},
		{"rollback", "granted", "--yes"},
		{"watch", "granted", "--timeout", patience.String()},
		{"cancel", "granted", "--yes"},
		{"archive", "granted", "--yes"},
		{"list", "--archived"},
		{"delete", "granted", "--yes"},
	} {
		w.enqueue(t, args...)
	}
	for _, server := range servers {
		denied, err := server.Do(t.Context(), "ACL", "LOG").Slice()
		if err != nil {
			t.Fatal(err)
		}
		if len(denied) > 0 {
			t.Errorf("Redis refused:\n%v", denied)
		}
	}
}
