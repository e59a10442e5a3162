package events

import (
	"context"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/render"
	"havip/ledger"
	"havip/test/commandtest"
)

func TestFilter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	r := eventRow{At: now, Event: "retry", Key: "a", By: "eve@host"}
	for name, test := range map[string]struct {
		filter filter
		want   bool
	}{
		"all":           {filter{}, true},
		"kind":          {filter{kinds: []string{"cancel", "retry"}}, true},
		"another kind":  {filter{kinds: []string{"cancel"}}, false},
		"key":           {filter{key: "a"}, true},
		"another key":   {filter{key: "ab"}, false},
		"user":          {filter{by: "eve"}, true},
		"user and host": {filter{by: "eve@host"}, true},
		"another user":  {filter{by: "ev"}, false},
		"at that time":  {filter{since: moment{Time: now}}, true},
		"before":        {filter{since: moment{Time: now.Add(1)}}, false},
		"all but one":   {filter{kinds: []string{"retry"}, key: "a", by: "adam"}, false},
	} {
		if got := test.filter.matches(r); got != test.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// The kinds that pauses and suspensions are recorded with are known, so that filtering by them is accepted.
func TestKindsOfPauses(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"pause", "paused", "resume", "suspended", "recovered"} {
		if !slices.Contains(kinds(), kind) {
			t.Errorf("%s is unknown", kind)
		}
	}
}

func TestSince(t *testing.T) {
	t.Parallel()
	var m moment
	for _, text := range []string{"", "yesterday", "-2h", "2", "2026-03-01"} {
		if err := m.Set(text); err == nil {
			t.Errorf("%q: accepted", text)
		}
	}
	if err := m.Set("2026-03-01T12:00:00+08:00"); err != nil || m.Unix() != time.Date(2026, 3, 1, 4, 0, 0, 0, time.UTC).Unix() {
		t.Errorf("%v, %v", m, err)
	}
	if err := m.Set("2h"); err != nil || time.Since(m.Time) < 2*time.Hour || time.Since(m.Time) > 3*time.Hour {
		t.Errorf("%v, %v", m, err)
	}
}

// withActs returns a fixture with a batch, and what two people did to it.
func withActs(t *testing.T) *commandtest.Fixture {
	t.Helper()
	f := commandtest.Start(t)
	f.Enqueue(t, "b", "a")
	for _, by := range []string{"adam@host", "eve@host"} {
		if err := f.Session.Ledger.Note(t.Context(), "b", ledger.Act{Kind: "retry", By: by, Items: 1}); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func TestEvents(t *testing.T) {
	t.Parallel()
	f := withActs(t)
	show := func(w filter) []map[string]any {
		return f.JSON(t, func() error { return run(t.Context(), f.Factory, options{batch: "b", filter: w}) })
	}
	if rows := show(filter{}); len(rows) < 4 {
		t.Errorf("all: %v", rows)
	}
	if rows := show(filter{kinds: []string{"retry"}, by: "eve"}); len(rows) != 1 || rows[0]["by"] != "eve@host" {
		t.Errorf("what eve retried: %v", rows)
	}
	err := run(t.Context(), f.Factory, options{batch: "b", filter: filter{kinds: []string{"retry", "retyr"}}})
	if cli.CodeOf(err) != cli.ExitUsage || !strings.Contains(err.Error(), "did you mean retry") {
		t.Errorf("an unknown kind: %v", err)
	}
}

// What is filtered out is passed over, and what comes later is printed.
func TestFollowFilters(t *testing.T) {
	t.Parallel()
	f := withActs(t)
	ctx, interrupt := context.WithCancel(t.Context())
	read, write := io.Pipe()
	f.Out, f.Format = write, render.NDJSON
	end := make(chan error, 1)
	go func() {
		err := run(ctx, f.Factory, options{batch: "b", follow: true, filter: filter{by: "eve"}})
		_ = write.Close()
		end <- err
	}()
	line := func() string {
		var text strings.Builder
		for b := []byte{0}; b[0] != '\n'; text.Write(b) {
			if _, err := read.Read(b); err != nil {
				t.Fatal(err, <-end)
			}
		}
		return text.String()
	}
	if got := line(); !strings.Contains(got, `"eve@host"`) {
		t.Errorf("first: %s", got)
	}
	for _, by := range []string{"adam@host", "eve@other"} {
		if err := f.Session.Ledger.Note(t.Context(), "b", ledger.Act{Kind: "cancel", By: by}); err != nil {
			t.Fatal(err)
		}
	}
	if got := line(); !strings.Contains(got, `"eve@other"`) {
		t.Errorf("then: %s", got)
	}
	interrupt()
	commandtest.WantCode(t, <-end, cli.ExitInterrupted)
}

// $HAVIP_KEY is the key of an item to create, and no filter.
func TestKeyHasNoVariable(t *testing.T) {
	t.Parallel()
	f := commandtest.New()
	cmd := NewCommand(f.Factory)
	root := &cobra.Command{Use: "enqueue"}
	root.AddCommand(cmd)
	cli.FlagEnvironment(root, "HAVIP")
	if cli.HasEnv(cmd.Flags().Lookup("key")) || !cli.HasEnv(cmd.Flags().Lookup("since")) {
		t.Error("--key has a variable, or --since has none")
	}
}
