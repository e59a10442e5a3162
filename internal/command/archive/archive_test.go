package archive

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/internal/cli"
	"havip/internal/durability"
	"havip/internal/redisconn"
	"havip/ledger"
	"havip/test/commandtest"
)

// accepting takes the Redis of these tests, which reports nothing about its persistence.
var accepting = durability.Verifier{AllowVolatile: true, AllowUnverified: true}

func optionsFor(dir string, batches ...string) options {
	return options{durable: accepting, batches: batches, dir: dir, yes: true}
}

func archived(t *testing.T, f *commandtest.Fixture, batch string) *ledger.Archive {
	t.Helper()
	var missing *ledger.BatchNotFoundError
	if _, err := f.Session.Ledger.Batch(t.Context(), batch); !errors.As(err, &missing) {
		t.Fatalf("batch %s: %v", batch, err)
	}
	return missing.Archive
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names
}

// A batch with unfinished items stays, its items are named, and without a terminal a batch is archived only with --yes.
func TestArchive(t *testing.T) {
	t.Parallel()
	f, dir := commandtest.Start(t), t.TempDir()
	f.Enqueue(t, "b", "web-1", "web-2", "web-3", "web-4")
	opts := optionsFor(dir, "b")
	err := run(t.Context(), f.Factory, opts)
	commandtest.WantCode(t, err, cli.ExitPending)
	if want := "4 items are not finished (web-"; !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), ": queued; and 1 more); wait with") {
		t.Errorf("got %v, want %q", err, want)
	}
	commandtest.WantCode(t, run(t.Context(), f.Factory, optionsFor(dir, "b", "none")), cli.ExitPending)
	f.Cancel(t, "b")
	commandtest.WantCode(t, run(t.Context(), f.Factory, optionsFor(dir, "b", "none")), cli.ExitUsage)
	opts.yes = false
	commandtest.WantCode(t, run(t.Context(), f.Factory, opts), cli.ExitUsage)
	opts.dryRun = true
	commandtest.WantCode(t, run(t.Context(), f.Factory, opts), cli.ExitOK)
	opts.dryRun, opts.out = false, "-"
	commandtest.WantCode(t, run(t.Context(), f.Factory, opts), cli.ExitOK)
	copied := f.Stdout.String()
	if _, err := f.Session.Ledger.Batch(t.Context(), "b"); err != nil || len(files(t, dir)) != 0 {
		t.Fatalf("after a copy: %v, %v", files(t, dir), err)
	}

	commandtest.WantCode(t, run(t.Context(), f.Factory, optionsFor(dir, "b")), cli.ExitOK)
	a := archived(t, f, "b")
	text, err := os.ReadFile(a.File)
	if err != nil || string(text) != copied || a.Total != 4 || filepath.Dir(a.File) != dir {
		t.Errorf("%+v: %q, want %q: %v", a, text, copied, err)
	}
	commandtest.WantCode(t, run(t.Context(), f.Factory, optionsFor(dir, "b")), cli.ExitOK)
	if names := files(t, dir); len(names) != 1 {
		t.Errorf("files %v", names)
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	f := commandtest.New()
	for name, opts := range map[string]options{
		"no batch":           {},
		"both":               {batches: []string{"b"}, olderThan: time.Hour},
		"a file for several": {batches: []string{"a", "b"}, out: "file"},
		"a file for all":     {olderThan: time.Hour, out: "-"},
		"a negative age":     {olderThan: -1},
		"no confirmation":    {batches: []string{"b"}},
	} {
		if err := opts.check(f.Factory); cli.CodeOf(err) != cli.ExitUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Those that were complete for long enough are archived, whatever the others are.
func TestOlderThan(t *testing.T) {
	t.Parallel()
	f, dir := commandtest.Start(t), t.TempDir()
	for _, batch := range []string{"old/one", ".old", "young", "open"} {
		f.Enqueue(t, batch, "web-1")
	}
	for _, batch := range []string{"old/one", ".old", "young"} {
		f.Cancel(t, batch)
	}
	for _, batch := range []string{"old/one", ".old"} {
		ago := time.Now().Add(-48 * time.Hour).UnixMilli()
		if err := f.Session.Redis.HSet(t.Context(), "havip:{"+batch+"}:batch", "completedAt", ago).Err(); err != nil {
			t.Fatal(err)
		}
	}
	opts := optionsFor(dir)
	opts.olderThan, opts.dryRun = 24*time.Hour, true
	commandtest.WantCode(t, run(t.Context(), f.Factory, opts), cli.ExitOK)
	for _, want := range []string{"2 batches with 2 items to archive", "kept: 1 unfinished batch, and 1 batch that was complete less than 24h0m0s ago"} {
		if !strings.Contains(f.Stderr.String(), want) {
			t.Errorf("%s lacks %q", f.Stderr, want)
		}
	}
	opts.dryRun = false
	commandtest.WantCode(t, run(t.Context(), f.Factory, opts), cli.ExitOK)
	names := files(t, dir)
	if len(names) != 2 || !strings.HasPrefix(names[0], "%2Eold-") || !strings.HasPrefix(names[1], "old%2Fone-") {
		t.Errorf("files %v", names)
	}
	left, err := f.Session.Ledger.Batches(t.Context())
	if err != nil || len(left) != 2 {
		t.Errorf("left %v, %v", left, err)
	}
}

// A file that is in the way is not replaced, and stops no other batch.
func TestFileExists(t *testing.T) {
	t.Parallel()
	f, dir := commandtest.Start(t), t.TempDir()
	for _, batch := range []string{"a", "b"} {
		f.Enqueue(t, batch, "web-1")
		f.Cancel(t, batch)
	}
	b, err := f.Session.Ledger.Batch(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	path, err := archiver{options: optionsFor(dir)}.path(b)
	if err != nil || os.WriteFile(path, []byte("mine"), 0o600) != nil {
		t.Fatal(err)
	}
	commandtest.WantCode(t, run(t.Context(), f.Factory, optionsFor(dir, "a", "b")), cli.ExitUsage)
	if text, err := os.ReadFile(path); err != nil || string(text) != "mine" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := f.Session.Ledger.Batch(t.Context(), "a"); err != nil {
		t.Errorf("batch a: %v", err)
	}
	if archived(t, f, "b") == nil {
		t.Error("batch b was not archived")
	}
}

// meanwhile is a hook that does something after each of the first commands of a kind.
type meanwhile struct {
	redis.Hook
	kind  string
	times int
	do    func()
	mu    sync.Mutex
}

func (m *meanwhile) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		m.mu.Lock()
		due := cmd.Name() == m.kind && m.times > 0
		if due {
			m.times--
		}
		m.mu.Unlock()
		if due {
			m.do()
		}
		return err
	}
}

func (*meanwhile) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*meanwhile) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// A batch that changes while its file is written is archived again, with the change, or stays.
func TestChangedMeanwhile(t *testing.T) {
	t.Parallel()
	for times, want := range map[int]cli.ExitCode{1: cli.ExitOK, maxTries: cli.ExitPending} {
		f, dir := commandtest.Start(t), t.TempDir()
		f.Enqueue(t, "b", "web-1")
		f.Cancel(t, "b")
		other, err := f.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(other.Close)
		redisconn.Full(other.Redis).AddHook(&meanwhile{kind: "xrange", times: times, do: func() {
			if err := f.Session.Ledger.Note(t.Context(), "b", ledger.Act{Kind: "retry", Reason: "noted meanwhile"}); err != nil {
				t.Error(err)
			}
		}})
		a := archiver{Factory: f.Factory, session: other, options: optionsFor(dir, "b")}
		commandtest.WantCode(t, a.archive(t.Context(), "b"), want)
		if want != cli.ExitOK {
			if _, err := f.Session.Ledger.Batch(t.Context(), "b"); err != nil || len(files(t, dir)) != 0 {
				t.Errorf("left %v, %v", files(t, dir), err)
			}
			continue
		}
		text, err := os.ReadFile(archived(t, f, "b").File)
		if err != nil || strings.Count(string(text), `"event":`) == 0 || !strings.Contains(string(text), "noted meanwhile") {
			t.Errorf("archive %s: %v", text, err)
		}
	}
}
