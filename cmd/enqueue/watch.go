package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/lane"
	"havip/internal/queue"
	"havip/internal/render"
	"havip/ledger"
	"havip/tasks"
)

const (
	// pollInterval is how often a followed batch is read, in one command of constant cost.
	pollInterval = 100 * time.Millisecond
	// addressGrace bounds the wait for the last addresses once every item is finished.
	addressGrace = 10 * time.Second
	// stopGrace bounds the wait for what was in flight when failures stopped a batch: a dead worker's
	// requests stand as in flight for as long as nobody goes on with them.
	stopGrace = 40 * time.Second
	// stillAfter is how long nothing may happen before it is looked into.
	stillAfter = 5 * time.Second
)

func (a *app) watchCommand() *cobra.Command {
	var timeout time.Duration
	var exitStatus bool
	var completion string
	cmd := &cobra.Command{
		Use:   "watch BATCH",
		Short: "Follow a batch until it is done",
		Long: `Watch follows a batch until it is done. It only looks: ended by Ctrl-C or --timeout, it
leaves the batch running. Of a batch that its failures stopped (--max-failures) it tells
why and what to do, and exits with 1; a pause is told and waited for.

With --on-complete it then runs a command, by /bin/sh, with the batch in
HAVIP_COMPLETED_BATCH and, as JSON, on its standard input.`,
		Example: `  enqueue watch havips
  enqueue watch havips --timeout 10m --exit-status     # 0 done, 1 some failed, 8 not finished
  enqueue watch havips --on-complete 'jq .data.counts'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			then, err := parseOnComplete(cmd.Flags(), completion, true, false)
			if err != nil {
				return err
			}
			s, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			b, err := a.follow(cmd.Context(), s, args[0], timeout)
			if err != nil {
				return err
			}
			if err := a.printBatches([]ledger.Batch{b}); err != nil {
				return err
			}
			var result error
			if exitStatus {
				result = failures(b)
			}
			return a.completed(cmd.Context(), then, b, result)
		},
	}
	f := cmd.Flags()
	f.DurationVar(&timeout, "timeout", 0, "give up after this time, with exit code 8; the batch goes on")
	completionFlag(f, &completion, "command to run when the batch is complete")
	f.BoolVar(&exitStatus, "exit-status", false, "exit with 1 if some items failed")
	return cmd
}

// follow shows a batch's progress until it is done, and returns how it stands then.
func (a *app) follow(ctx context.Context, s *session, name string, timeout time.Duration) (ledger.Batch, error) {
	waitCtx, cancel := withTimeout(ctx, timeout)
	defer cancel()
	w := &watcher{app: a, session: s, batch: name}
	b, err := w.run(waitCtx)
	if err != nil && ctx.Err() != nil {
		a.say("the batch goes on without you; come back with `enqueue watch %s`", word(name))
		return b, cli.Fail(cli.ExitInterrupted, errors.New("interrupted"))
	}
	if err != nil && errors.Is(waitCtx.Err(), context.DeadlineExceeded) && b.Name != "" && b.CommittedAt == 0 {
		return b, cli.Failf(cli.ExitPending, "%s", incompleteLine(b))
	}
	return b, pendingOr(waitCtx, name, err)
}

func withTimeout(ctx context.Context, timeout time.Duration) (context.Context, context.CancelFunc) {
	if timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, timeout)
}

// pendingOr turns the end of the user's patience into its exit code.
func pendingOr(ctx context.Context, batch string, err error) error {
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return cli.Failf(cli.ExitPending, "batch %s is not finished yet; it goes on, and `enqueue watch %s` comes back to it", batch, word(batch))
	}
	return err
}

// watcher follows one batch.
type watcher struct {
	*app
	*session
	batch string
	// goOn says how a batch that its failures stopped is let go on; "" is with resume.
	goOn string
	bar  *bar
	// finished is when the last item had ended.
	finished time.Time
	// changed is when an item last ended; told is what was last said about why none does.
	changed time.Time
	open    int64
	told    string
	// unserved is what a first look found that nobody serves.
	unserved string
	doubt    doubtWatch
}

func (w *watcher) run(ctx context.Context) (ledger.Batch, error) {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	defer w.end()
	for {
		b, err := w.read(ctx)
		if err != nil {
			return b, notFound(err)
		}
		w.show(ctx, b)
		if over, err := w.judge(ctx, b); over || err != nil {
			return b, err
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return b, ctx.Err()
		}
	}
}

// judge reports whether there is nothing more to wait for.
func (w *watcher) judge(ctx context.Context, b ledger.Batch) (over bool, err error) {
	switch {
	case b.Done():
		if w.finished.IsZero() {
			w.finished = time.Now()
		}
		return b.AddressPending == 0 || time.Since(w.finished) > addressGrace, nil
	case b.Hold != nil:
		return false, w.heed(b)
	case time.Since(w.changed) > stillAfter:
		w.explain(ctx, b)
	}
	return false, nil
}

// heed is about a batch that is held. One that its failures stopped moves only when somebody acts, so that
// the waiting ends, once what was in flight has ended. A person who paused it will let it go on.
func (w *watcher) heed(b ledger.Batch) error {
	if !b.Hold.ByFailures() {
		w.tellOnce("held "+strconv.FormatInt(int64(b.Hold.At), 10), heldLine(b))
		return nil
	}
	if b.Counts[ledger.Sending] > 0 && time.Since(b.Hold.At.Time()) < stopGrace {
		return nil
	}
	return errStopped(b, w.goOn)
}

// tellOnce says something, unless it was the last that was said.
func (w *watcher) tellOnce(kind, text string) {
	if kind != w.told && text != "" {
		w.told = kind
		w.bar.interrupt("%s", text)
	}
}

// read reads the batch. A Redis that goes away while it is looked at is waited for.
func (w *watcher) read(ctx context.Context) (ledger.Batch, error) {
	passes := func(err error) bool {
		var missing *ledger.BatchNotFoundError
		return w.bar != nil && !errors.As(err, &missing)
	}
	tell := func(err error) {
		w.tellOnce("redis", fmt.Sprintf("redis does not answer; still looking (%v)", err))
	}
	return patiently(ctx, passes, tell, func() (ledger.Batch, error) { return w.ledger.Batch(ctx, w.batch) })
}

func (w *watcher) end() {
	if w.bar != nil {
		w.bar.finish()
	}
}

func (w *watcher) show(ctx context.Context, b ledger.Batch) {
	if w.bar == nil {
		w.bar = w.newBar(w.batch, b.Total-b.Open(), b.Total)
	}
	if open := b.Open(); open != w.open || w.changed.IsZero() {
		w.open, w.changed = open, time.Now()
	}
	w.bar.grow(b.Total)
	w.bar.tell(b.Total-b.Open(), troubleFirst(b), w.doubt.line(ctx, w.session, w.batch))
}

// explain says, once for each reason, why nothing moves.
func (w *watcher) explain(ctx context.Context, b ledger.Batch) {
	w.changed = time.Now()
	if kind, reason, err := w.reason(ctx, b); err == nil {
		w.tellOnce(kind, reason)
	}
}

// reason is why nothing moves, and of what kind that is: of one kind, one is told.
func (w *watcher) reason(ctx context.Context, b ledger.Batch) (kind, text string, err error) {
	if b.CommittedAt == 0 {
		return "incomplete", incompleteLine(b), nil
	}
	item, found, err := w.ledger.OldestOpen(ctx, b.Name)
	if err != nil || !found {
		return w.told, "", err
	}
	l := tasks.Lane{Account: item.Account, Region: item.Region}
	pause, err := lane.NewOperator(w.rdb, l.String()).Paused(ctx)
	if err != nil {
		return "", "", err
	}
	if pause != nil {
		return "paused " + l.String(), pausedLine(l, *pause), nil
	}
	hold, held, err := holdOf(ctx, w.session, l, item)
	if err != nil || held {
		return "held " + hold.SubnetID + hold.Code, holdLine(l, hold), err
	}
	served, err := queue.Of(w.rdb, l).Served()
	if err != nil {
		return "", "", err
	}
	if !served {
		return w.lookTwice("unserved "+l.String(), unservedLine(l))
	}
	w.unserved = ""
	kind, text = itemReason(item)
	return kind, text, nil
}

// lookTwice tells only on a second look, some seconds later, that nobody serves a lane: workers say that
// they do every few seconds, and after a restart of Redis it takes them as long.
func (w *watcher) lookTwice(kind, text string) (string, string, error) {
	if w.unserved != kind {
		w.unserved = kind
		return w.told, "", nil
	}
	return kind, text, nil
}

// itemReason is why the oldest open item does not move, as far as its record tells.
func itemReason(item ledger.Item) (kind, text string) {
	rec := item.Record
	if rec.Class == "" {
		return "unsent", fmt.Sprintf("the oldest open item, %q, is %s and waits for its turn; if its task was lost, a worker finds that out within minutes", item.Key, rec.State)
	}
	return rec.Class + rec.Code, fmt.Sprintf("the oldest open item, %q, is %s: %s", item.Key, rec.State, lastAnswer(rec))
}

// lastAnswer is what came of an item's last request: BCE's code and message, or else what there is.
func lastAnswer(rec ledger.Record) string {
	var parts []string
	for _, part := range []string{rec.Code, runewidth.Truncate(render.Printable(rec.Message), maxReason, "…")} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 {
		return rec.Class
	}
	return strings.Join(parts, ": ")
}

// incompleteLine is about a batch that its producer is not through with.
func incompleteLine(b ledger.Batch) string {
	file := b.Source.File
	if file == "" {
		file = "its file"
	}
	return fmt.Sprintf("batch %s is incomplete: its producer is still at it, or stopped half-way; if it stopped, run `enqueue apply` with %s again", b.Name, file)
}

// maxReason bounds a message of BCE among lines of progress, in cells.
const maxReason = 100

// notFound gives a batch that does not exist its exit code and remedy.
func notFound(err error) error {
	var missing *ledger.BatchNotFoundError
	if errors.As(err, &missing) {
		return cli.Failf(cli.ExitUsage, "%w; `enqueue list` shows what there is", err)
	}
	return err
}
