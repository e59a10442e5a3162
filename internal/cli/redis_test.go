package cli

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/cobra"

	"havip/internal/redisconn"
	"havip/test/redistest"
)

// always waits far longer than any test.
var always = redisconn.Patience{Down: 5 * time.Minute, Passing: 5 * time.Minute}

// A Redis that is not there yet is waited for, and why is told once.
func TestAwaitRedisWaits(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.AppendOnly(redistest.Always))
	server.Kill()
	var said bytes.Buffer
	tell, told := TellWaiting(&said), make(chan struct{}, 1)
	go func() {
		<-told
		server.Restart(t)
	}()
	client, err := AwaitRedis(t.Context(), redistest.Patient(server.URL()), always, redisconn.Told(func(err error) {
		tell(err)
		select {
		case told <- struct{}{}:
		default:
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	defer CloseSoon(client)
	if n := strings.Count(said.String(), "connection refused"); n != 1 {
		t.Errorf("told %d times:\n%s", n, &said)
	}
}

// Who gives up gives 5, and who is interrupted 130.
func TestAwaitRedisGivesUp(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill()
	_, err := AwaitRedis(t.Context(), redistest.Patient(server.URL()), redisconn.Patience{})
	if code := CodeOf(err); code != ExitNetwork {
		t.Errorf("exit code %d: %v", code, err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	_, err = AwaitRedis(ctx, redistest.Patient(server.URL()), always, redisconn.Told(func(error) { interrupt() }))
	if code := CodeOf(err); code != ExitInterrupted {
		t.Errorf("interrupted: exit code %d: %v", code, err)
	}
}

// Each outage is reported, and its end, once.
func TestTellWaitingReportsEachOutage(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	tell := TellWaiting(&said)
	tell(nil)
	for range 2 {
		for _, reason := range []error{errors.New("refused"), errors.New("refused"), errors.New("loading"), nil, nil} {
			tell(reason)
		}
	}
	lines := strings.Split(strings.TrimSpace(said.String()), "\n")
	if len(lines) != 6 || lines[0] != lines[3] || lines[1] != lines[4] || lines[2] != lines[5] {
		t.Errorf("got %q", lines)
	}
}

// A Redis that lacks a replica is waited for before anything is entrusted to it; one whose disk fails is not.
func TestDurabilityWaitsForReplicas(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.AppendOnly(redistest.Always), redistest.Lines("min-replicas-to-write 1"))
	client, err := AwaitRedis(t.Context(), redistest.Patient(server.URL()), always)
	if err != nil {
		t.Fatal(err)
	}
	defer CloseSoon(client)
	waited := 0
	err = Durability{Patience: always, Warn: func(string) {}, Waiting: func(err error) {
		if err == nil { // it accepts writes
			return
		}
		waited++
		if !redis.IsNoReplicasError(err) {
			t.Errorf("waiting for %v", err)
		}
		if err := server.Client(t).ConfigSet(t.Context(), "min-replicas-to-write", "0").Err(); err != nil {
			t.Error(err)
		}
	}}.Require(t.Context(), client)
	if err != nil || waited != 1 {
		t.Errorf("waited %d times: %v", waited, err)
	}
}

// A command that stops work is not kept out by a Redis that may lose data: it warns.
func TestDurabilityLetsStop(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]redistest.Option{
		"evicts":   {redistest.AppendOnly(redistest.Always), redistest.MaxMemoryPolicy("allkeys-lru")},
		"volatile": nil,
		"unknown":  {redistest.Lines(`rename-command CONFIG ""`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, options...)
			client, err := AwaitRedis(t.Context(), redistest.Patient(server.URL()), always)
			if err != nil {
				t.Fatal(err)
			}
			defer CloseSoon(client)
			warnings := 0
			guard := Durability{Patience: always, Warn: func(string) { warnings++ }}
			if err := guard.Require(t.Context(), client); CodeOf(err) != ExitConfig || warnings > 0 {
				t.Errorf("a command that creates: exit code %d, %d warnings: %v", CodeOf(err), warnings, err)
			}
			guard.Stops = true
			if err := guard.Require(t.Context(), client); err != nil || warnings != 1 {
				t.Errorf("a command that stops: %d warnings, %v", warnings, err)
			}
		})
	}
}

// A guard that cannot look says so, and needs to be told to go on.
func TestDurabilityThatCannotBeKnown(t *testing.T) {
	t.Parallel()
	for name, lines := range map[string][]string{
		"no INFO by ACL":             {"user u on >pw ~* &* +@all -info"},
		"no INFO, renamed":           {"rename-command INFO SECRET", "user u on >pw ~* &* +@all"},
		"no CONFIG by ACL, no AOF":   {"user u on >pw ~* &* +@all -config", "appendonly no"},
		"no CONFIG, renamed, no AOF": {"rename-command CONFIG SECRET", "user u on >pw ~* &* +@all", "appendonly no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, redistest.AppendOnly(redistest.Always), redistest.Lines(lines...))
			client, err := AwaitRedis(t.Context(), redistest.Patient("redis://u:pw@"+server.Addr()), always)
			if err != nil {
				t.Fatal(err)
			}
			defer CloseSoon(client)
			var warnings []string
			guard := Durability{Patience: always, Warn: func(warning string) { warnings = append(warnings, warning) }}
			err = guard.Require(t.Context(), client)
			if CodeOf(err) != ExitConfig || !strings.Contains(err.Error(), "--allow-unverified-durability") {
				t.Errorf("exit code %d: %v", CodeOf(err), err)
			}
			var finding redisconn.Finding
			if !errors.As(err, &finding) || finding.Code != redisconn.CodeUnknown {
				t.Errorf("refused for %v", err)
			}
			guard.AllowUnverified = true
			if err := guard.Require(t.Context(), client); err != nil || len(warnings) == 0 {
				t.Errorf("allowed: %v, %d warnings", err, len(warnings))
			}
		})
	}
}

// A command that reads from a replica without a link to its master is warned, once; a user who may not ask is not.
func TestOpenRedisToRead(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	orphan := redistest.Start(t, redistest.Lines("replicaof 127.0.0.1 1", "user reader on >pw ~* +@all -info"))
	for url, want := range map[string]int{
		master.URL():                         0,
		orphan.URL():                         1,
		"redis://reader:pw@" + orphan.Addr(): 0,
	} {
		warnings := 0
		client, err := OpenRedisToRead(t.Context(), redistest.Patient(url), func(text string) {
			warnings++
			if !strings.HasPrefix(text, "redis "+orphan.Addr()+": ") {
				t.Errorf("warned: %s", text)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
		if warnings != want {
			t.Errorf("%s: %d warnings, want %d", url, warnings, want)
		}
	}
}

// A password on the command line is warned of, and one in the environment is not.
func TestPasswordOnCommandLine(t *testing.T) {
	t.Parallel()
	const secret = "redis://u:s3cret@127.0.0.1:1/0"
	for name, tt := range map[string]struct {
		args   []string
		url    string
		warned bool
	}{
		"flag":             {[]string{"--redis", secret}, "", true},
		"flag, quiet":      {[]string{"--redis", secret, "--quiet"}, "", false},
		"without password": {[]string{"--redis", "redis://127.0.0.1:1/0"}, secret, false},
		"variable":         {nil, secret, false},
	} {
		var stderr strings.Builder
		root := &cobra.Command{Use: "p", RunE: func(*cobra.Command, []string) error { return nil }}
		root.Flags().String("redis", "", "")
		root.Flags().Bool("quiet", false, "")
		Env(root.Flags(), "redis", "HAVIP_REDIS_URL")
		root.SetErr(&stderr)
		root.SetArgs(tt.args)
		Program(root, "HAVIP", func(name string) string {
			return map[string]string{"HAVIP_REDIS_URL": tt.url, "HOME": t.TempDir()}[name]
		})
		if err := root.ExecuteContext(t.Context()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if warned := strings.Contains(stderr.String(), "--redis is visible in the process list"); warned != tt.warned || strings.Contains(stderr.String(), "s3cret") {
			t.Errorf("%s: %q", name, stderr.String())
		}
	}
}
