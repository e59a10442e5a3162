package redisconn

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/test/redistest"
)

// write is a command that a Redis refuses if it accepts no writes.
func write(ctx context.Context, client redis.UniversalClient) error {
	return client.Set(ctx, "k", "v", 0).Err()
}

// assertExplained fails unless the error has Redis's text, a remedy and the right kind.
func assertExplained(t *testing.T, err error, words, advice string, lasting, passing bool) {
	t.Helper()
	var conn *ConnError
	if !errors.As(err, &conn) {
		t.Fatalf("not explained: %v", err)
	}
	if !strings.Contains(conn.Cause, words) || !strings.Contains(conn.Advice, advice) {
		t.Errorf("cause %q, advice %q\nwant  %q, %q", conn.Cause, conn.Advice, words, advice)
	}
	if Lasting(err) != lasting || Passing(err) != passing {
		t.Errorf("lasting %t, passing %t of %v", Lasting(err), Passing(err), err)
	}
	var reply redis.Error
	if !errors.As(err, &reply) {
		t.Errorf("the error of Redis is lost in %v", err)
	}
}

// Every command reports a refusal of a running server in the server's words.
func TestCommandsExplainRefusals(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		server           func(*testing.T) (url string)
		run              func(context.Context, redis.UniversalClient) error
		words, advice    string
		lasting, passing bool
	}{
		"memory": {refusingMemory, write, "OOM command not allowed", "raise maxmemory", false, false},
		"memory, in a script": {
			refusingMemory, func(ctx context.Context, c redis.UniversalClient) error {
				return redis.NewScript(`return redis.call("SET", KEYS[1], 1)`).Run(ctx, c, []string{"k"}).Err()
			}, "OOM command not allowed", "raise maxmemory", false, false,
		},
		"a transaction": {
			refusingMemory, func(ctx context.Context, c redis.UniversalClient) error {
				_, err := c.TxPipelined(ctx, func(pipe redis.Pipeliner) error { return pipe.Set(ctx, "k", "v", 0).Err() })
				return err
			}, "OOM command not allowed", "raise maxmemory", false, false,
		},
		"disk":     {refusingDisk, write, "MISCONF Redis is configured to save RDB snapshots", "free disk space", false, false},
		"replicas": {startWith("min-replicas-to-write 1"), write, "NOREPLICAS Not enough good replicas", "repair the replicas", false, true},
		"a replica": {func(t *testing.T) string {
			t.Helper()
			return redistest.Start(t, redistest.ReplicaOf(redistest.Start(t))).URL()
		}, write, "READONLY You can't write against a read only replica", "use the URL of the master", false, false},
		"a script that runs": {refusingBusy, write, "BUSY Redis is busy running a script", "SCRIPT KILL", false, true},
		"no permission": {func(t *testing.T) string {
			t.Helper()
			return "redis://reader:pw@" + redistest.Start(t, redistest.Lines("user reader on >pw ~* -@all +ping")).Addr()
		}, write, "NOPERM", "RUNBOOK.md", true, false},
		"no permission, in a script": {func(t *testing.T) string {
			t.Helper()
			return "redis://reader:pw@" + redistest.Start(t, redistest.Lines("user reader on >pw ~* +@all -set")).Addr()
		}, func(ctx context.Context, c redis.UniversalClient) error {
			return redis.NewScript(`return redis.call("SET", KEYS[1], 1)`).Run(ctx, c, []string{"k"}).Err()
		}, "script", "RUNBOOK.md", true, false},
		"a master becomes a replica": {startWith(""), readUntilDemoted, "UNBLOCKED", "failover", false, true},
		"cluster mode":               {startWith("cluster-enabled yes"), write, "CLUSTERDOWN", "", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options, err := Parse(t.Context(), redistest.Patient(tt.server(t)))
			if err != nil {
				t.Fatal(err)
			}
			client := New(options)
			defer func() { _ = client.Close() }()
			assertExplained(t, tt.run(t.Context(), client), tt.words, tt.advice, tt.lasting, tt.passing)
		})
	}
}

// readUntilDemoted waits for an event on a master, which becomes a replica meanwhile.
func readUntilDemoted(ctx context.Context, client redis.UniversalClient) error {
	demoted := make(chan error, 1)
	go func() { demoted <- demoteWhenBlocked(ctx, client) }()
	err := client.XRead(ctx, &redis.XReadArgs{Streams: []string{"k", "0"}, Block: patience}).Err()
	return errors.Join(err, <-demoted)
}

func demoteWhenBlocked(ctx context.Context, client redis.UniversalClient) error {
	for {
		info, err := client.InfoMap(ctx, "clients").Result()
		if err != nil {
			return err
		}
		if info["Clients"]["blocked_clients"] == "1" {
			return client.Do(ctx, "REPLICAOF", "127.0.0.1", "1").Err()
		}
	}
}

func startWith(line string) func(*testing.T) string {
	return func(t *testing.T) string {
		t.Helper()
		return redistest.Start(t, redistest.Lines(line)).URL()
	}
}

func refusingMemory(t *testing.T) string {
	t.Helper()
	return startWith("maxmemory 1")(t)
}

func refusingDisk(t *testing.T) string {
	t.Helper()
	server := redistest.Start(t, redistest.Lines("save 3600 1"))
	if err := os.RemoveAll(server.Dir()); err != nil {
		t.Fatal(err)
	}
	client := server.Client(t)
	redistest.Poll(t, "a snapshot that fails", func(ctx context.Context) error {
		_ = client.BgSave(ctx) // one that runs already is as good
		info, err := client.InfoMap(ctx, "persistence").Result()
		if err == nil && info["Persistence"]["rdb_last_bgsave_status"] != "err" {
			err = errors.New("not yet")
		}
		return err
	})
	return server.URL()
}

func refusingBusy(t *testing.T) string {
	t.Helper()
	server := redistest.Start(t, redistest.Lines("lua-time-limit 1"))
	client := server.Client(t)
	var runs sync.WaitGroup
	runs.Go(func() { _ = client.Eval(context.WithoutCancel(t.Context()), "while true do end", nil).Err() })
	t.Cleanup(func() {
		_ = server.Client(t).ScriptKill(context.WithoutCancel(t.Context()))
		runs.Wait()
	})
	other := server.Client(t)
	redistest.Poll(t, "a script that runs", func(ctx context.Context) error {
		if err := other.Ping(ctx).Err(); !redis.HasErrorPrefix(err, "BUSY") {
			return errors.New("not yet")
		}
		return nil
	})
	return server.URL()
}

// A Redis that refuses writes answers those who read.
func TestRefusesWrites(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"OOM command not allowed when used memory > 'maxmemory'.":                                          true,
		"MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.": true,
		"NOREPLICAS Not enough good replicas to write.":                                                    true,
		"READONLY You can't write against a read only replica.":                                            true,
		"LOADING Redis is loading the dataset in memory":                                                   false,
		"NOPERM this user has no permissions to run the 'set' command":                                     false,
		"WRONGPASS invalid username-password pair or user is disabled.":                                    false,
	} {
		err := fmt.Errorf("rate of lane: %w", saidAtOnce(text))
		if got := RefusesWrites(err); got != want {
			t.Errorf("%v: got %t", err, got)
		}
		if got := RefusesWrites(explainer{Options{Addrs: []string{"h"}}}.explain(err)); got != want {
			t.Errorf("%v, explained: got %t", err, got)
		}
	}
	if RefusesWrites(nil) || RefusesWrites(context.Canceled) {
		t.Error("no error of Redis refuses writes")
	}
}

// asynq keeps only the text of an error, which suffices. Errors of other origin are unchanged.
func TestExplain(t *testing.T) {
	t.Parallel()
	text := errors.New("asynq: redis eval error: OOM command not allowed when used memory > 'maxmemory'. script: 5f, on @user_script:3")
	if err := Explain("redis://h", text); Passing(err) || !strings.Contains(err.Error(), "raise maxmemory") {
		t.Errorf("of asynq: %v", err)
	}
	if err := Explain("redis://h", nil); err != nil {
		t.Errorf("Explain(nil) = %v", err)
	}
	for _, foreign := range []error{
		errors.New("BCE: LOADING is no state"), context.Canceled, redis.Nil,
		&net.OpError{Op: "dial", Err: os.ErrDeadlineExceeded},
	} {
		if err := Explain("redis://h", foreign); !errors.Is(err, foreign) || errors.As(err, new(*ConnError)) {
			t.Errorf("%v was explained: %v", foreign, err)
		}
	}
	once := explainer{Options{Addrs: []string{"h"}}}.always(errors.New("odd"))
	if twice := Explain("redis://g", once); twice.Error() != once.Error() {
		t.Errorf("explained twice: %v", twice)
	}
}

// fakeServer sends its line to every connection and closes it.
func fakeServer(t *testing.T, line string) (url string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, line)
			_ = conn.Close()
		}
	}()
	return "redis://" + listener.Addr().String()
}

// Open explains why a server cannot be reached.
func TestOpenExplains(t *testing.T) {
	t.Parallel()
	master := redistest.Start(t)
	redistest.Start(t, redistest.ReplicaOf(master))
	locked := redistest.StartSentinel(t, master, redistest.SentinelPassword("right"))
	sentinel := redistest.StartSentinel(t, master)
	full := redistest.Start(t, redistest.Lines("maxclients 1"))
	if err := full.Client(t).Ping(t.Context()).Err(); err != nil { // and it stays
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		url, want string
		lasting   bool
	}{
		"the most clients":               {full.URL(), "max number of clients reached; raise maxclients", false},
		"protected mode":                 {fakeServer(t, "-DENIED Redis is running in protected mode because protected mode is enabled. In this mode nobody may connect.\r\n"), "DENIED Redis is running in protected mode because protected mode is enabled; set a password", true},
		"sentinels' password":            {"redis-sentinel://" + locked.Addr() + "?master=m", "the sentinels refuse the password (NOAUTH Authentication required); add sentinel_password=", true},
		"sentinels' wrong password":      {"redis-sentinel://" + locked.Addr() + "?master=m&sentinel_password=hunter2", "the sentinels refuse the password (WRONGPASS", true},
		"no such master":                 {"redis-sentinel://" + sentinel.Addr() + "?master=other", "the sentinels do not know the master other; check master=NAME", true},
		"a sentinel's port, as a server": {"redis://" + sentinel.Addr(), "the server is a sentinel; write redis-sentinel://" + sentinel.Addr(), true},
		"a server's port, as a sentinel": {"redis-sentinel://" + master.Addr() + "?master=m", "the server is not a sentinel", true},
		"a server, as a cluster":         {"redis-cluster://" + master.Addr(), "cluster support disabled; write redis:// instead", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.Poll(t, name, func(ctx context.Context) error {
				client, err := OpenReady(ctx, redistest.Patient(tt.url), Patience{}, func(ctx context.Context, client redis.Cmdable) error {
					err := client.Get(ctx, "k").Err()
					if errors.Is(err, redis.Nil) {
						return nil
					}
					return err
				})
				if err == nil {
					_ = client.Close()
					return errors.New("opened")
				}
				if strings.Contains(err.Error(), "hunter2") {
					t.Errorf("the password shows in %v", err)
				}
				if !strings.Contains(err.Error(), tt.want) || Lasting(err) != tt.lasting {
					return errors.New(err.Error() + "\nwant " + tt.want) // a closed connection may be noticed first
				}
				return nil
			})
		})
	}
}

// answering answers whatever it is asked with the line, and leaves closing to the client.
func answering(t *testing.T, line string) (addr string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var conns sync.WaitGroup
	conns.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conns.Go(func() {
				_, _ = conn.Read(make([]byte, 1))
				_, _ = io.WriteString(conn, line)
				_, _ = io.Copy(io.Discard, conn)
				_ = conn.Close()
			})
		}
	})
	t.Cleanup(func() { _ = listener.Close(); conns.Wait() })
	return listener.Addr().String()
}

// The port of an HTTP server is recognized, whichever URL names it.
func TestOpenExplainsHTTP(t *testing.T) {
	t.Parallel()
	const page, status, http = "<!DOCTYPE HTML>\n<html>\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "the server speaks HTTP, not Redis; set --redis"
	for name, tt := range map[string]struct{ line, scheme, query, want string }{
		"status line":    {status, "redis://", "", http},
		"page":           {page, "redis://", "", http},
		"TLS":            {status, "rediss://", "", http},
		"TLS, page":      {page, "rediss://", "", http},
		"cluster":        {status, "redis-cluster://", "", http},
		"sentinel":       {status, "redis-sentinel://", "?master=m", http},
		"something else": {"SSH-2.0-OpenSSH_9.6\r\n", "redis://", "", `it answered "SSH-2.0-OpenSSH_9.6`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := Open(t.Context(), redistest.Patient(tt.scheme+answering(t, tt.line)+tt.query))
			if err == nil {
				_ = client.Close()
			}
			if err == nil || strings.Count(err.Error(), tt.want) != 1 || !Lasting(err) {
				t.Errorf("error %v\nwant  %s", err, tt.want)
			}
		})
	}
}

// Redis 7.2 and Valkey put other words around a denied command of a script.
func TestExplain_deniedInAScript(t *testing.T) {
	t.Parallel()
	err := Explain("redis://127.0.0.1", saidAtOnce("ERR ACL failure in script: User reader has no permissions to run the 'set' command script: "+
		strings.Repeat("4f", 20)+", on @user_script:1."))
	assertExplained(t, err, "ACL failure in script: User reader has no permissions to run the 'set' command", "RUNBOOK.md", true, false)
}

// Each reason to reject a certificate has its own remedy.
func TestOpenExplainsTLS(t *testing.T) {
	t.Parallel()
	authority, stranger := redistest.NewAuthority(t), redistest.NewAuthority(t)
	client := func(a *redistest.Authority) string {
		cert, key := a.Issue(t, nil)
		return "&tls_cert=" + cert + "&tls_key=" + key
	}
	trusting := "?tls_ca=" + authority.File()
	for name, tt := range map[string]struct {
		change        func(*x509.Certificate)
		verifyClients bool
		options, want string
	}{
		"unknown authority": {want: "tls_ca=FILE"},
		"no SAN":            {change: func(c *x509.Certificate) { c.IPAddresses = nil }, options: trusting, want: "subjectAltName"},
		"expired":           {change: func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) }, options: trusting, want: "renew the server's certificate"},
		"no client certificate": {
			verifyClients: true, options: trusting, want: "the server requires a client certificate",
		},
		"a stranger's client certificate": {
			verifyClients: true, options: trusting + client(stranger), want: "the server refuses the client certificate",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cert, key := authority.Issue(t, tt.change)
			_, addr := redistest.StartTLS(t, authority, cert, key, tt.verifyClients)
			_, err := Open(t.Context(), redistest.Patient("rediss://"+addr+tt.options))
			if err == nil || !strings.Contains(err.Error(), tt.want) || !Lasting(err) {
				t.Errorf("error %v\nwant  %s", err, tt.want)
			}
		})
	}
}
