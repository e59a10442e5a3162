package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/mattn/go-runewidth"
	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/render"
	"havip/ledger"
	"havip/tasks"
)

// bulkFlags are the flags of every verb on many items of a batch.
type bulkFlags struct {
	where       []string
	reason      string
	dryRun, yes bool
}

func defineBulkFlags(cmd *cobra.Command, flags *bulkFlags) {
	f := cmd.Flags()
	f.StringArrayVar(&flags.where, "where", nil, "only items with FIELD=VALUE; may be repeated, and all must hold. FIELD: "+strings.Join(selectable, ", "))
	f.BoolVar(&flags.dryRun, "dry-run", false, "tell what would be done, and change nothing")
	f.BoolVar(&flags.yes, "yes", false, "do not ask; required without a terminal")
	defineReason(cmd, &flags.reason)
}

// bulk is a verb on many items of a batch.
type bulk struct {
	verb string
	// judge tells what would be done to an item, or none and why.
	judge func(item ledger.Item, chosen selection) (action, why string)
	// carryOut does it to items that may have changed since they were judged, and tells of each what
	// was done.
	carryOut func(ctx context.Context, on *worksite, items []ledger.Item) ([]deed, error)
	// question asks about so many items of the batch; nil is the verb itself.
	question func(n int64, batch string) string
	// after tells what is still to come.
	after func(b ledger.Batch, done *bulkTally)
}

// worksite is where a verb is carried out, and why.
type worksite struct {
	*session
	tasks         *tasks.Dispatcher
	batch, reason string
}

// maxReasonText bounds a reason, in cells: it is kept with every item that it concerns.
const maxReasonText = 200

func reasonText(reason string) string {
	return runewidth.Truncate(render.Printable(reason), maxReasonText, "…")
}

// deed is what was done to an item, or none and why.
type deed struct{ action, why string }

// none is the action on an item that is left alone.
const none = "none"

// bulkChunk is how many items are changed at a time.
const bulkChunk = 200

// run is the verb: look, ask, note who does it, do it.
func (v bulk) run(ctx context.Context, a *app, batch string, flags bulkFlags) error {
	chosen, err := v.check(a, flags)
	if err != nil {
		return err
	}
	s, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	b, err := s.ledger.Batch(ctx, batch)
	if err != nil {
		return notFound(err)
	}
	plan, err := v.plan(ctx, s, batch, chosen)
	if err != nil {
		return err
	}
	if flags.dryRun || plan.eligible() == 0 {
		return a.showTally(plan.line(v.verb), plan)
	}
	if !flags.yes {
		if err := v.consent(ctx, a, batch, plan); err != nil {
			return err
		}
	}
	done, err := v.begin(ctx, a, s, batch, chosen, flags.reason, plan.eligible())
	if err != nil {
		return err
	}
	if err := a.showTally(done.outcome(v.verb), done); err != nil {
		return err
	}
	v.after(b, done)
	return nil
}

// check refuses a command line that cannot be carried out, before anything is looked at.
func (v bulk) check(a *app, flags bulkFlags) (selection, error) {
	chosen, err := parseSelection(flags.where)
	if err == nil && !flags.dryRun && !flags.yes && !a.canAsk() {
		err = cli.Failf(cli.ExitUsage, "%s changes many items, and there is no terminal to ask on: pass --yes, or look first with --dry-run", v.verb)
	}
	return chosen, err
}

// consent shows what would be done, and asks.
func (v bulk) consent(ctx context.Context, a *app, batch string, plan *bulkTally) error {
	a.say("%s", plan.line(v.verb))
	for _, row := range plan.rows {
		a.say("  %s", row)
	}
	question := fmt.Sprintf("%s %s?", capital(v.verb), count(plan.eligible(), "item", "items"))
	if v.question != nil {
		question = v.question(plan.eligible(), batch)
	}
	return a.ask(ctx, question, "nothing was changed")
}

// begin goes to work.
func (v bulk) begin(ctx context.Context, a *app, s *session, batch string, chosen selection, reason string, planned int64) (*bulkTally, error) {
	dispatcher, release, err := s.dispatcher()
	if err != nil {
		return nil, err
	}
	defer release()
	on := &worksite{session: s, tasks: dispatcher, batch: batch, reason: reasonText(reason)}
	return v.do(ctx, a, on, chosen, planned)
}

// plan judges the chosen items, and changes nothing.
func (v bulk) plan(ctx context.Context, s *session, batch string, chosen selection) (*bulkTally, error) {
	var plan bulkTally
	for item, err := range s.selected(ctx, batch, chosen) {
		if err != nil {
			return nil, err
		}
		action, why := v.judge(item, chosen)
		plan.add(deed{action, why}, item.Record.State)
	}
	return &plan, nil
}

// do carries the verb out, noting who does it before and what came of it after.
func (v bulk) do(ctx context.Context, a *app, on *worksite, chosen selection, planned int64) (*bulkTally, error) {
	act := ledger.Act{Kind: v.verb, By: author(), Reason: on.reason, Items: planned, Detail: chosen.String()}
	if err := on.ledger.Note(ctx, on.batch, act); err != nil {
		return nil, err
	}
	bar := a.newBar(v.verb, 0, planned)
	defer bar.finish()
	var done bulkTally
	err := v.each(ctx, on, chosen, func(d deed, item ledger.Item) {
		done.add(d, item.Record.State)
		bar.set(done.eligible())
	})
	bar.finish()
	if err != nil {
		return nil, fmt.Errorf("%w; %s of %s done so far; run the same command again to go on", err, number(done.eligible()), count(planned, "item", "items"))
	}
	act.Kind, act.Reason, act.Items, act.Detail = v.verb+"-done", "", done.eligible(), done.summary()
	return &done, on.ledger.Note(ctx, on.batch, act)
}

// each carries the verb out chunk by chunk, so that memory does not grow with the batch.
func (v bulk) each(ctx context.Context, on *worksite, chosen selection, tell func(deed, ledger.Item)) error {
	var chunk []ledger.Item
	flush := func() error {
		if len(chunk) == 0 {
			return nil
		}
		deeds, err := v.carryOut(ctx, on, chunk)
		for i, d := range deeds {
			tell(d, chunk[i])
		}
		chunk = chunk[:0]
		return err
	}
	for item, err := range on.selected(ctx, on.batch, chosen) {
		if err != nil {
			return err
		}
		if action, why := v.judge(item, chosen); action == none {
			tell(deed{none, why}, item)
			continue
		}
		if chunk = append(chunk, item); len(chunk) == bulkChunk {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
