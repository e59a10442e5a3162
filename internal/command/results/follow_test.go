package results

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"havip/internal/cli"
	"havip/internal/render"
	"havip/internal/report"
	"havip/ledger"
	"havip/tasks"
	"havip/test/commandtest"
	"havip/test/redistest"
)

// follower runs results --follow and hands on what it writes, a line at a time.
type follower struct {
	*commandtest.Fixture
	lines chan string
	end   chan error
}

func (f *follower) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		f.lines <- string(line)
	}
	return len(p), nil
}

// start follows batch b with its items.
func start(t *testing.T, opts options, keys ...string) *follower {
	t.Helper()
	return startOn(t, commandtest.Start(t), opts, keys...)
}

// startOn is start with a fixture of the test's own.
func startOn(t *testing.T, fixture *commandtest.Fixture, opts options, keys ...string) *follower {
	t.Helper()
	f := &follower{Fixture: fixture, lines: make(chan string, 100), end: make(chan error, 1)}
	f.Enqueue(t, "b", keys...)
	f.Out, f.Format = f, render.NDJSON
	opts.batch, opts.follow = "b", true
	go func() { f.end <- run(t.Context(), f.Factory, opts) }()
	return f
}

// await returns the next result.
func (f *follower) await(t *testing.T) (result tasks.Result) {
	t.Helper()
	select {
	case line := <-f.lines:
		if err := json.Unmarshal([]byte(line), &result); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
	case err := <-f.end:
		t.Fatalf("ended: %v: %s", err, f.Stderr)
	}
	return result
}

// over waits for the end, and fails the test if anything else was written.
func (f *follower) over(t *testing.T, want cli.ExitCode) {
	t.Helper()
	commandtest.WantCode(t, <-f.end, want)
	select {
	case line := <-f.lines:
		t.Errorf("also written: %s", line)
	default:
	}
}

// send has the item's n-th request end as a worker would record it.
func (f *follower) send(t *testing.T, key string, n int, o ledger.Outcome) {
	t.Helper()
	o.Ticket, o.Counted, o.Class = fmt.Sprint(key, n), true, string(o.State)
	if _, err := f.Session.Ledger.Begin(t.Context(), "b", key, ledger.Known{}, ledger.BeginOptions{Worker: "w", Ticket: o.Ticket, Lease: time.Second}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := f.Session.Ledger.Record(t.Context(), "b", key, ledger.Known{}, n, o); err != nil {
		t.Fatal(err)
	}
}

func (f *follower) create(t *testing.T, key string, n int) {
	t.Helper()
	f.send(t, key, n, ledger.Outcome{State: ledger.Created, HaVIPID: "havip-" + key, PrivateIPAddress: "10.0.0.1"})
	look := ledger.Look{Key: key, HaVIPID: "havip-" + key, Shown: &ledger.ListedHaVIP{At: time.Now(), Address: "10.0.0.1"}}
	if _, err := f.Session.Ledger.Confirm(t.Context(), "b", []ledger.Look{look}); err != nil {
		t.Fatal(err)
	}
}

func (f *follower) reject(t *testing.T, key string, n int) {
	t.Helper()
	f.send(t, key, n, ledger.Outcome{State: ledger.Rejected, Code: "No"})
}

// retry tries a rejected item again.
func (f *follower) retry(t *testing.T, key string) {
	t.Helper()
	item, err := f.Session.Ledger.Item(t.Context(), "b", key)
	if err != nil {
		t.Fatal(err)
	}
	next := tasks.ClientToken("b", key, item.Record.Generation+1)
	if _, err := f.Session.Ledger.Retry(t.Context(), "b", []ledger.Retrial{{Seen: item, Next: next}}); err != nil {
		t.Fatal(err)
	}
}

// want fails the test unless the next result is this one.
func (f *follower) want(t *testing.T, key string, state ledger.State) {
	t.Helper()
	if got := f.await(t); got.Key != key || got.State != state {
		t.Fatalf("got %s %s, want %s %s", got.Key, got.State, key, state)
	}
}

// Each result comes when it is final, and once: also if its confirmation has no event, and if events are lost.
func TestFollow(t *testing.T) {
	t.Parallel()
	f := start(t, options{}, "a", "b", "c")
	f.create(t, "a", 1)
	f.want(t, "a", ledger.Created)
	f.reject(t, "b", 1)
	f.want(t, "b", ledger.Rejected)
	f.retry(t, "b")
	f.reject(t, "b", 2)
	f.want(t, "b", ledger.Rejected)
	f.retry(t, "b")
	f.create(t, "b", 3)
	f.want(t, "b", ledger.Created)
	f.create(t, "c", 1)
	if err := f.Session.Redis.Del(t.Context(), "havip:{b}:events").Err(); err != nil {
		t.Fatal(err)
	}
	f.want(t, "c", ledger.Created)
	f.over(t, cli.ExitOK)
}

// messages hands on what is written to stderr.
type messages chan string

func (m messages) Write(p []byte) (int, error) {
	m <- string(p)
	return len(p), nil
}

// A Redis that is killed and started again with what its append-only file has interrupts nothing: each result comes once.
func TestFollowOutlivesRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.AppendOnly(redistest.Always))
	fixture, said := commandtest.StartOn(t, server), make(messages, 100)
	fixture.Err = said
	f := startOn(t, fixture, options{}, "a", "b", "c", "d")
	f.reject(t, "a", 1)
	f.want(t, "a", ledger.Rejected)
	f.create(t, "b", 1)
	f.want(t, "b", ledger.Created)
	server.Kill()
	<-said // that Redis is away
	server.Restart(t)
	f.create(t, "c", 1)
	f.want(t, "c", ledger.Created)
	server.Kill() // while it may look
	server.Restart(t)
	f.create(t, "d", 1)
	f.want(t, "d", ledger.Created)
	f.over(t, cli.ExitItemsFailed)
}

func TestFollowFilters(t *testing.T) {
	t.Parallel()
	f := start(t, options{filter: report.Filter{States: []string{"rejected"}, Attempts: true}}, "a", "b")
	f.create(t, "a", 1)
	f.reject(t, "b", 1)
	if got := f.await(t); got.Key != "b" || len(got.Log) != 1 {
		t.Errorf("%+v", got)
	}
	f.over(t, cli.ExitItemsFailed)
}

func TestFollowEnds(t *testing.T) {
	t.Parallel()
	f := start(t, options{timeout: 2 * time.Second}, "a", "b")
	f.over(t, cli.ExitPending)

	f.create(t, "a", 1)
	ctx, interrupt := context.WithCancel(t.Context())
	go func() { f.end <- run(ctx, f.Factory, options{batch: "b", follow: true}) }()
	f.want(t, "a", ledger.Created)
	interrupt()
	f.over(t, cli.ExitInterrupted)
}

func TestFollowIsRefused(t *testing.T) {
	t.Parallel()
	f := commandtest.New()
	f.Format = render.JSON
	commandtest.WantCode(t, run(t.Context(), f.Factory, options{batch: "b", follow: true}), cli.ExitUsage)
	f.Format, f.Limit = render.NDJSON, 1
	commandtest.WantCode(t, run(t.Context(), f.Factory, options{batch: "b", follow: true}), cli.ExitUsage)
}
