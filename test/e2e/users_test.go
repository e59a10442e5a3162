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

// TestRestrictedDefaultUser: a Redis whose user default may not replay what scripts have written is reported before it loses
// anything, and one that does not say is only noted.
func TestRestrictedDefaultUser(t *testing.T) {
	t.Parallel()
	rules := strings.Join(strings.Fields(readACL(t).rules[producerUser])[2:], " ")
	for name, tt := range map[string]struct {
		acl, want string
	}{
		"off without permissions": {"user default off\nuser " + rules + "\n", `"code":"redis-replay",`},
		"off with permissions":    {"user default off resetpass ~* &* +@all\nuser " + rules + "\n", ""},
		"not known":               {"user default off\nuser " + strings.Replace(rules, " +acl|dryrun", "", 1) + "\n", `"code":"redis-replay-unknown","severity":"note",`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := emptyWorld(t)
			acl := w.writeText(t, "users.acl", tt.acl)
			server := redistest.Start(t, redistest.AppendOnly(redistest.Always), redistest.Lines("aclfile "+acl))
			w.env = append(w.env, "HAVIP_REDIS_URL=redis://"+readACL(t).userInfo(producerUser)+server.Addr()+"/0")
			p := w.start(t, "enqueue", "doctor", "-o", "ndjson", "--fail-on", "error")
			if code := p.wait(t); code != 0 {
				t.Fatalf("exit code %d: %s", code, p.stderr)
			}
			if got := p.stdout.String(); !strings.Contains(got, tt.want) || tt.want == "" && strings.Contains(got, "redis-replay") {
				t.Errorf("%s lacks %q", got, tt.want)
			}
			p = w.start(t, "enqueue", "apply", "--yes", w.write(t, "items.csv", rowsOf(3)))
			if code, warned := p.wait(t), strings.Contains(p.stderr.String(), "may not run HSET"); code != 0 || warned != strings.Contains(tt.want, `"redis-replay"`) {
				t.Errorf("exit code %d: %s", code, p.stderr)
			}
			server.Kill()
			server.Restart(t)
			kept := strings.Contains(w.enqueue(t, "list", "-o", "ndjson").stdout.String(), `"batch":"items"`)
			if tt.want == "" && !kept {
				t.Error("a restart lost the batch")
			}
			t.Logf("after a restart, Redis has the batch: %t", kept) // of the others, a Redis with the fix does
		})
	}
}
