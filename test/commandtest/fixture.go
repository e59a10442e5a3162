// Package commandtest is what a command of enqueue needs to run without a command line: a Redis of its own,
// and buffers for what it writes.
package commandtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"havip"
	"havip/internal/cli"
	"havip/internal/redisconn"
	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/terminal"
	"havip/ledger"
	"havip/tasks"
	"havip/test/redistest"
)

// Fixture is a factory for commands, without a terminal, whose Redis keeps nothing.
type Fixture struct {
	*session.Factory
	Stdout, Stderr *bytes.Buffer
	// Session is one in the same Redis.
	Session *session.Session
}

// Start starts a Redis and returns a fixture.
func Start(t *testing.T) *Fixture {
	t.Helper()
	return StartOn(t, redistest.Start(t))
}

// StartOn returns a fixture with this Redis.
func StartOn(t *testing.T, server *redistest.Server) *Fixture {
	t.Helper()
	f := New()
	f.RedisURL = server.URL()
	s, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	f.Session = s
	return f
}

// New returns a fixture without a Redis.
func New() *Fixture {
	f := &Fixture{Stdout: &bytes.Buffer{}, Stderr: &bytes.Buffer{}}
	io := terminal.New(strings.NewReader(""), f.Stdout, f.Stderr, func(string) string { return "" })
	f.Factory = &session.Factory{IO: io, RedisURL: "redis://127.0.0.1:1/0", Region: cli.DefaultRegion}
	return f
}

// Serve registers a worker of the default lane, which takes no tasks: commands wait for seconds before they
// report that a lane has none. Its heartbeat is never old.
func (f *Fixture) Serve(t *testing.T) {
	t.Helper()
	l := tasks.Lane{Account: tasks.DefaultAccount, Region: f.Region}
	records := ledger.New(f.Session.Redis, ledger.WithClock(func() time.Time { return time.Now().Add(24 * time.Hour) }))
	info := ledger.WorkerInfo{Version: "test", Lanes: []ledger.WorkerLane{{Lane: l.String()}}}
	if err := errors.Join(records.Enter(t.Context(), "w", nil), records.Describe(t.Context(), "w", info)); err != nil {
		t.Fatal(err)
	}
}

// Enqueue puts items with these keys into the batch.
func (f *Fixture) Enqueue(t *testing.T, batch string, keys ...string) {
	t.Helper()
	var items []tasks.Item
	for _, key := range keys {
		items = append(items, tasks.Item{Key: key, Request: tasks.Request{Name: key, SubnetID: "sbn-1"}})
	}
	if _, err := havip.NewClient(redisconn.Full(f.Session.Redis), havip.WithRegion(f.Region)).Enqueue(t.Context(), batch, items...); err != nil {
		t.Fatal(err)
	}
}

// Cancel cancels all items of the batch.
func (f *Fixture) Cancel(t *testing.T, batch string) {
	t.Helper()
	var items []ledger.Item
	for item, err := range f.Session.Ledger.Items(t.Context(), batch) {
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, item)
	}
	if _, err := f.Session.Ledger.Cancel(t.Context(), batch, "", items); err != nil {
		t.Fatal(err)
	}
}

// JSON runs a command with -o json and returns the array that it writes.
func (f *Fixture) JSON(t *testing.T, run func() error) []map[string]any {
	t.Helper()
	f.Stdout.Reset()
	f.Format = render.JSON
	if err := run(); err != nil {
		t.Fatal(err)
	}
	var rows []map[string]any
	if err := json.Unmarshal(f.Stdout.Bytes(), &rows); err != nil {
		t.Fatalf("%v: %s", err, f.Stdout)
	}
	return rows
}

// WantCode fails the test unless the error has the exit code.
func WantCode(t *testing.T, err error, want cli.ExitCode) {
	t.Helper()
	if got := cli.CodeOf(err); got != want {
		t.Errorf("exit code %d, want %d: %v", got, want, err)
	}
}
