package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

// aclRule is a line of the runbook that makes a user.
var aclRule = regexp.MustCompile(`(?m)^ACL SETUSER (\S+) .* >(\S+) .*$`)

// createDocumentedUsers makes the users of the runbook, and returns the URL of each.
func createDocumentedUsers(t *testing.T, rdb redis.UniversalClient, addr string) map[string]string {
	t.Helper()
	runbook, err := os.ReadFile(filepath.Join("..", "..", "docs", "RUNBOOK.md"))
	if err != nil {
		t.Fatal(err)
	}
	urls := map[string]string{}
	for _, rule := range aclRule.FindAllStringSubmatch(string(runbook), -1) {
		var command []any
		for word := range strings.FieldsSeq(rule[0]) {
			command = append(command, word)
		}
		if err := rdb.Do(t.Context(), command...).Err(); err != nil {
			t.Fatal(err)
		}
		urls[rule[1]] = "redis://" + rule[1] + ":" + rule[2] + "@" + addr + "/0"
	}
	return urls
}

// TestDocumentedACL: a worker and a producer that may only do what the runbook grants them work on batches from end to
// end, and are refused nothing.
func TestDocumentedACL(t *testing.T) {
	t.Parallel()
	w := newStack(t)
	rdb := w.redis.Client(t)
	urls := createDocumentedUsers(t, rdb, w.redis.Addr())
	common := without(w.env, "HAVIP_REDIS_URL")
	as := func(user string) {
		t.Helper()
		if urls[user] == "" {
			t.Fatalf("the runbook has no user %s: %v", user, urls)
		}
		w.env = append(common[:len(common):len(common)], "HAVIP_REDIS_URL="+urls[user])
	}
	as("havip-worker")
	w.worker(t)
	as("havip-producer")
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
		{"delete", "granted", "--yes"},
	} {
		w.enqueue(t, args...)
	}
	denied, err := rdb.Do(t.Context(), "ACL", "LOG").Slice()
	if err != nil {
		t.Fatal(err)
	}
	if len(denied) > 0 {
		t.Errorf("Redis refused:\n%v", denied)
	}
}
