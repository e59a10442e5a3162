package lane

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/durability"
	"havip/internal/lane"
	"havip/internal/session"
	"havip/ledger"
	"havip/test/commandtest"
)

// accepting takes the Redis of these tests, which reports nothing about its persistence.
var accepting = durability.Verifier{AllowVolatile: true, AllowUnverified: true}

const lanePath = "default/bj"

func TestPauseAndResumeALane(t *testing.T) {
	t.Parallel()
	f := commandtest.Start(t)
	f.Serve(t)
	operator := lane.NewOperator(f.Session.Redis, lanePath)
	opts := options{durable: accepting, lane: lanePath, reason: "new key"}
	for _, step := range []struct {
		run  func(context.Context, *session.Factory, options) error
		want bool
	}{{pause, true}, {pause, true}, {resume, false}, {resume, false}} {
		commandtest.WantCode(t, step.run(t.Context(), f.Factory, opts), cli.ExitOK)
		paused, err := operator.Paused(t.Context())
		if err != nil || (paused != nil) != step.want || paused != nil && paused.Message != "new key" {
			t.Errorf("paused %+v, %v; want %t", paused, err, step.want)
		}
	}
	commandtest.WantCode(t, pause(t.Context(), f.Factory, options{durable: accepting, lane: "bj"}), cli.ExitUsage)
}

// A lane of an unknown region is most likely misspelled: nothing of it is changed, unless the region is allowed or the lane is in use.
func TestUnknownRegion(t *testing.T) {
	t.Parallel()
	f := commandtest.Start(t)
	f.Serve(t)
	known := func() int {
		names, err := lane.KnownLanes(t.Context(), f.Session.Redis)
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	opts := options{durable: accepting, lane: "default/bjj", rps: 1}
	before := known()
	for _, change := range []func(context.Context, *session.Factory, options) error{pause, setLimit} {
		commandtest.WantCode(t, change(t.Context(), f.Factory, opts), cli.ExitUsage)
	}
	if n := known(); n != before {
		t.Errorf("%d known lanes, before %d", n, before)
	}
	for _, change := range []func(context.Context, *session.Factory, options) error{resume, unsetLimit} {
		commandtest.WantCode(t, change(t.Context(), f.Factory, opts), cli.ExitOK)
	}
	opts.anyRegion = true
	commandtest.WantCode(t, pause(t.Context(), f.Factory, opts), cli.ExitOK)
	opts.anyRegion = false // it is known by now
	commandtest.WantCode(t, resume(t.Context(), f.Factory, opts), cli.ExitOK)
	commandtest.WantCode(t, setLimit(t.Context(), f.Factory, opts), cli.ExitOK)
}

func TestPauseAndResumeABatch(t *testing.T) {
	t.Parallel()
	f := commandtest.Start(t)
	f.Enqueue(t, "b", "web-1")
	opts := options{durable: accepting, batch: "b", reason: "right subnet?"}
	commandtest.WantCode(t, pause(t.Context(), f.Factory, opts), cli.ExitOK)
	if b, err := f.Session.Ledger.Batch(t.Context(), "b"); err != nil || b.Pause == nil || b.Pause.Reason != "right subnet?" {
		t.Errorf("pause %+v, %v", b.Pause, err)
	}
	if err := opts.limit.Set("3"); err != nil {
		t.Fatal(err)
	}
	commandtest.WantCode(t, resume(t.Context(), f.Factory, opts), cli.ExitOK)
	if b, err := f.Session.Ledger.Batch(t.Context(), "b"); err != nil || b.Pause != nil || b.Source.MaxFailures != "3" {
		t.Errorf("pause %+v, limit %q, %v", b.Pause, b.Source.MaxFailures, err)
	}
	commandtest.WantCode(t, pause(t.Context(), f.Factory, options{durable: accepting, batch: "none"}), cli.ExitUsage)
}

func TestLimit(t *testing.T) {
	t.Parallel()
	f := commandtest.Start(t)
	f.Serve(t)
	for _, rps := range []float64{-1, math.NaN(), math.Inf(1), lane.MinRPS / 2} {
		commandtest.WantCode(t, setLimit(t.Context(), f.Factory, options{durable: accepting, lane: lanePath, rps: rps}), cli.ExitUsage)
	}
	rate := func() any {
		rows := f.JSON(t, func() error { return showLimits(t.Context(), f.Factory, lanePath) })
		return rows[0]["rps"]
	}
	commandtest.WantCode(t, setLimit(t.Context(), f.Factory, options{durable: accepting, lane: lanePath, rps: 0.5}), cli.ExitOK)
	if got := rate(); got != 0.5 {
		t.Errorf("set: %v", got)
	}
	commandtest.WantCode(t, unsetLimit(t.Context(), f.Factory, options{durable: accepting, lane: lanePath}), cli.ExitOK)
	if got := rate(); got != nil {
		t.Errorf("unset: %v", got)
	}
}

// What a full Redis refused is said first: what was not done, then why.
func TestFullRedis(t *testing.T) {
	t.Parallel()
	f := commandtest.Start(t)
	f.Enqueue(t, "b", "web-1")
	if _, err := f.Session.Ledger.Pause(t.Context(), "b", ledger.Act{By: "test"}); err != nil {
		t.Fatal(err)
	}
	f.Enqueue(t, "c", "web-2")
	if err := f.Session.Redis.ConfigSet(t.Context(), "maxmemory", "1").Err(); err != nil {
		t.Fatal(err)
	}
	for line, want := range map[string]string{
		"pause default/bj":             "lane default/bj was not paused: redis ",
		"resume default/bj":            "lane default/bj was not resumed: redis ",
		"pause --batch c":              "batch c was not paused: redis ",
		"resume --batch b":             "batch b is resumed, but not all of its tasks are enqueued: redis ",
		"limit set default/bj --rps 1": "the limit of lane default/bj was not changed: redis ",
		"limit unset default/bj":       "the limit of lane default/bj was not changed: redis ",
	} {
		root := &cobra.Command{Use: "enqueue", SilenceErrors: true, SilenceUsage: true}
		root.AddCommand(NewPauseCommand(f.Factory), NewResumeCommand(f.Factory), NewLimitCommand(f.Factory))
		root.SetArgs(append(strings.Fields(line), "--allow-volatile"))
		err := root.ExecuteContext(t.Context())
		commandtest.WantCode(t, err, cli.ExitNetwork)
		if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "OOM ") {
			t.Errorf("%s: %v\nwant %s", line, err, want)
		}
	}
}
