package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// TestUsersOfCompose: a Redis with the users that make-secrets creates has the effects of scripts
// after a crash, and lets nobody in without a password.
func TestUsersOfCompose(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), filepath.Join("..", "..", "deploy", "make-secrets"), "--sandbox")
	cmd.Env = append(os.Environ(), "SECRETS_DIR="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make-secrets: %v\n%s", err, out)
	}
	secret, err := os.ReadFile(filepath.Join(dir, "redis-url-host"))
	if err != nil {
		t.Fatal(err)
	}
	url, err := redis.ParseURL(strings.TrimSpace(string(secret)))
	if err != nil {
		t.Fatal(err)
	}
	server := redistest.Start(t, redistest.AppendOnly(redistest.Always), redistest.Lines("aclfile "+filepath.Join(dir, "redis-users.acl")))
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), Username: url.Username, Password: url.Password})
	defer client.Close()
	const script = "redis.call('SET', KEYS[1], 1) redis.call('SET', KEYS[2], 2) return 1"
	if err := client.Eval(t.Context(), script, []string{"havip:a", "havip:b"}).Err(); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	server.Restart(t)
	if n, err := client.Exists(t.Context(), "havip:a", "havip:b").Result(); err != nil || n != 2 {
		t.Errorf("%d of 2 keys after a crash: %v", n, err)
	}
	if err := server.Client(t).Get(t.Context(), "havip:a").Err(); !redis.HasErrorPrefix(err, "NOAUTH") {
		t.Errorf("without a password: %v", err)
	}
}
