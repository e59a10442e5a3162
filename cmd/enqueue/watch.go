package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hibiken/asynq"
	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/lane"
	"havip/internal/render"
	"havip/ledger"
	"havip/tasks"
)

const (
	// pollInterval is how often a followed batch is read, in one command of constant cost.
	pollInterval = 100 * time.Millisecond
	// addressGrace bounds the wait for the last addresses once every item is finished.
	addressGrace = 10 * time.Second
	// redisPatience bounds the wait for a Redis that went away, asked again every redisRetry.
	redisPatience = 2 * time.Minute
	redisRetry    = time.Second
	// stillAfter is how long nothing may happen before it is looked into.
	stillAfter = 5 * time.Second
)

func (a *app) watchCommand() *cobra.Command {
	var timeout time.Duration
	var exitStatus bool
	cmd := &cobra.Command{
		Use:   "watch BATCH",
		Short: "Follow a batch until it is done",
		Long: `Watch follows a batch until it is done. It only looks: ended by Ctrl-C or --timeout, it
leaves the batch running.`,
		Example: `  enqueue watch havips
  enqueue watch havips --timeout 10m --exit-status     # 0 done, 1 some failed, 8 not finished`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
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
			if exitStatus {
				return failures(b)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.DurationVar(&timeout, "timeout", 0, "give up after this time, with exit code 8; the batch goes on")
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
	bar   *bar
	// changed is when an item last ended; told is what was last said about why none does.
	changed time.Time
	open    int64
	told    string
}

func (w *watcher) run(ctx context.Context) (ledger.Batch, error) {
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	var finished time.Time
	for {
		b, err := w.read(ctx)
		if err != nil {
			w.end()
			return b, notFound(err)
		}
		w.show(b)
		if b.Done() {
			if finished.IsZero() {
				finished = time.Now()
			}
			if b.AddressPending == 0 || time.Since(finished) > addressGrace {
				w.end()
				return b, nil
			}
		} else if time.Since(w.changed) > stillAfter {
			w.explain(ctx, b)
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			w.end()
			return b, ctx.Err()
		}
	}
}

// read reads the batch. A Redis that goes away while it is looked at is waited for: the batch goes
// on without us as soon as it is back, and so do we.
func (w *watcher) read(ctx context.Context) (ledger.Batch, error) {
	again := time.NewTicker(redisRetry)
	defer again.Stop()
	for failing := time.Now(); ; {
		b, err := w.ledger.Batch(ctx, w.batch)
		var missing *ledger.BatchNotFoundError
		if err == nil || errors.As(err, &missing) || w.bar == nil || ctx.Err() != nil || time.Since(failing) > redisPatience {
			return b, err
		}
		if w.told != "redis" {
			w.told = "redis"
			w.bar.interrupt("redis does not answer; still looking (%v)", err)
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return b, ctx.Err()
		}
	}
}

func (w *watcher) end() {
	if w.bar != nil {
		w.bar.finish()
	}
}

func (w *watcher) show(b ledger.Batch) {
	if w.bar == nil {
		w.bar = w.newBar(w.batch, b.Total-b.Open(), b.Total)
	}
	if open := b.Open(); open != w.open || w.changed.IsZero() {
		w.open, w.changed = open, time.Now()
	}
	w.bar.set(b.Total-b.Open(), countsLine(b))
}

// explain says, once for each reason, why nothing moves.
func (w *watcher) explain(ctx context.Context, b ledger.Batch) {
	w.changed = time.Now()
	kind, reason, err := w.reason(ctx, b)
	if err == nil && kind != w.told {
		w.told = kind
		w.bar.interrupt("%s", reason)
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
	served, err := isServed(w.session, l)
	if err != nil {
		return "", "", err
	}
	if !served {
		return "unserved " + l.String(), unservedLine(l), nil
	}
	rec := item.Record
	if rec.Class == "" {
		return "unsent", fmt.Sprintf("the oldest open item, %q, is %s and waits for its turn; if its task was lost, a worker finds that out within minutes", item.Key, rec.State), nil
	}
	message := runewidth.Truncate(render.Printable(rec.Message), maxReason, "…")
	return rec.Class + rec.Code, fmt.Sprintf("the oldest open item, %q, is %s: %s %s: %s",
		item.Key, rec.State, rec.Class, render.Printable(rec.Code), message), nil
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

// isServed reports whether some worker takes tasks of the lane.
func isServed(s *session, l tasks.Lane) (bool, error) {
	servers, err := asynq.NewInspectorFromRedisClient(s.rdb).Servers()
	if err != nil {
		return false, err
	}
	for _, server := range servers {
		if _, ok := server.Queues[l.Queue()]; ok {
			return true, nil
		}
	}
	return false, nil
}

// notFound gives a batch that does not exist its exit code and remedy.
func notFound(err error) error {
	var missing *ledger.BatchNotFoundError
	if errors.As(err, &missing) {
		return cli.Failf(cli.ExitUsage, "%w; `enqueue list` shows what there is", err)
	}
	return err
}
