package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/plan"
	"havip/internal/render"
	"havip/ledger"
	"havip/tasks"
)

// savedPlan is a saved plan that is applied.
type savedPlan struct {
	*plan.File
	// region is the one that the command line or the environment gives; "" is none.
	region string
	// begun says that an earlier run has begun to apply it.
	begun bool
}

// readApply opens what apply is given: a saved plan, or a file of items.
func (a *app) readApply(cmd *cobra.Command, path string, flags fileFlags) (*input, error) {
	ctx := cmd.Context()
	file, err := plan.Open(ctx, path)
	switch {
	case errors.Is(err, plan.ErrNoPlan):
		return a.read(ctx, path, flags)
	case err != nil:
		return nil, cli.Fail(inputCode(ctx), err)
	}
	in := &input{
		name: render.Printable(path), batch: file.Batch, rows: file.Counts.Rows(), items: plannedItems(file, nil),
		source: ledger.Source{File: file.Source.Name, By: author(), Plan: file.ID},
		saved:  &savedPlan{File: file}, close: func() { _ = file.Close() },
	}
	if cmd.Flags().Changed("region") {
		in.saved.region = a.region
	}
	if err := in.saved.accepts(flags); err != nil {
		in.close()
		return nil, err
	}
	return in, nil
}

// accepts refuses flags that ask for something else than the plan.
func (p *savedPlan) accepts(flags fileFlags) error {
	switch {
	case flags.batch != "" && flags.batch != p.Batch:
		return cli.Failf(cli.ExitUsage, "--batch %s: the plan is for batch %s; leave it out, or %s", word(flags.batch), word(p.Batch), p.again())
	case flags.format != "":
		return cli.Failf(cli.ExitUsage, "--format: not with a plan, which has one of its own")
	}
	return nil
}

// plannedItems delivers the plan's rows as the producer takes them; each is told of before, if tell is
// not nil.
func plannedItems(file *plan.File, tell func(plan.Row)) func(context.Context) iter.Seq2[tasks.Row, error] {
	return func(ctx context.Context) iter.Seq2[tasks.Row, error] {
		return func(yield func(tasks.Row, error) bool) {
			for row, err := range file.Rows(ctx) {
				if err != nil {
					err = cli.Fail(inputCode(ctx), err)
				} else if tell != nil {
					tell(row)
				}
				if !yield(row.Row, err) {
					return
				}
			}
		}
	}
}

// again is how the plan is made anew.
func (p *savedPlan) again() string {
	name := p.Source.Name
	if p.Source.Path == "" {
		name = "-"
	}
	text := fmt.Sprintf("plan again with `enqueue plan %s --batch %s", word(name), word(p.Batch))
	text += fileOptions(p.Source.Format, p.Region)
	if p.Live {
		text += " --live"
	}
	return render.Printable(text + " --out " + word(p.Name()) + "`")
}

// stale is the error of a plan that the world has left behind.
func (p *savedPlan) stale(format string, args ...any) error {
	return cli.Failf(cli.ExitInvalidInput, "plan %s is stale: %s; nothing was enqueued; %s", word(p.Name()), render.Printable(fmt.Sprintf(format, args...)), p.again())
}

// checkSaved tells how the plan's rows stand now, and refuses it unless applying it does what it says.
func (a *app) checkSaved(ctx context.Context, s *session, in *input) (plan.Counts, error) {
	p := in.saved
	if err := a.checkWorld(ctx, s, p); err != nil {
		return plan.Counts{}, err
	}
	var err error
	if p.begun, err = s.begun(ctx, p.Batch, p.ID); err != nil {
		return plan.Counts{}, err
	}
	counts, stale, err := s.compareSaved(ctx, p)
	if err != nil {
		return counts, err
	}
	for _, row := range stale.rows {
		a.say("%s:%d: %q: %s", render.Printable(p.Source.Name), row.Line, row.Item.Key, render.Printable(row.Concern.Why))
	}
	if stale.total > 0 {
		return counts, p.stale("%s otherwise than planned", count(stale.total, "row stands", "rows stand"))
	}
	return counts, nil
}

// checkWorld compares what the plan was made of and against with what there is, and tells its age.
func (a *app) checkWorld(ctx context.Context, s *session, p *savedPlan) error {
	now, err := s.rdb.Time(ctx).Result()
	if err != nil {
		return err
	}
	known, err := a.ledgerOf(ctx, s, p.Batch)
	if err != nil {
		return err
	}
	a.sayAge(p, now)
	switch {
	case known.Redis != p.Ledger.Redis:
		return p.stale("it was made with Redis %s, and this is %s", p.Ledger.Redis, known.Redis)
	case p.Ledger.BatchSince != 0 && known.BatchSince != p.Ledger.BatchSince:
		return p.stale("the ledger does not know the batch any more that it was compared with")
	case p.region != "" && p.region != p.Region:
		return p.stale("it was made with region %s for rows that name none, and --region or BCE_REGION says %s", p.Region, p.region)
	case sourceChanged(p.Source):
		return p.stale("%s was changed since", word(p.Source.Name))
	}
	return nil
}

// staleLive is how old what a plan says of BCE may be without a word about it.
const staleLive = time.Hour

func (a *app) sayAge(p *savedPlan, now time.Time) {
	a.say("plan %s was made %s by %s", word(p.Name()), ago(ledger.Millis(p.MadeAt.UnixMilli()), now), render.Printable(p.MadeBy))
	if p.Live && p.Counts.Fail > 0 {
		a.say("by what BCE said then, %s", count(p.Counts.Fail, "row would fail", "rows would fail"))
	}
	if p.Live && now.Sub(p.MadeAt) > staleLive {
		a.say("warning: what it says of BCE is old; %s", p.again())
	}
}

// sourceChanged reports whether the plan's file is still there and has become another. One that is gone
// says nothing: the plan has its rows, and may be applied where the file never was.
func sourceChanged(source plan.Source) bool {
	info, err := os.Stat(source.Path)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	file, err := os.Open(source.Path)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }()
	sum := sha256.New()
	_, err = io.Copy(sum, file)
	return err != nil || hex.EncodeToString(sum.Sum(nil)) != source.SHA256
}

// compareSaved tells how the rows stand to the ledger now, and which of them otherwise than planned.
func (s *session) compareSaved(ctx context.Context, p *savedPlan) (counts plan.Counts, stale attentionList, err error) {
	var planned []plan.Row // and not compared yet, in order
	items := plannedItems(p.File, func(row plan.Row) { planned = append(planned, row) })
	planner := plan.Planner{Ledger: tasks.NewProducer(s.ledger, nil)}
	for now, err := range planner.Rows(ctx, p.Batch, items(ctx)) {
		if err != nil {
			return counts, stale, err
		}
		counts.Add(now)
		if why := plan.Stale(planned[0], now, p.begun); why != "" {
			now.Concern.Why = why
			stale.add(now)
		}
		planned = planned[1:]
	}
	return counts, stale, nil
}

// applyAct is what applying a saved plan is called in a batch's events.
const applyAct = "apply"

// begun reports whether the plan has left its mark in the ledger.
func (s *session) begun(ctx context.Context, batch, id string) (bool, error) {
	b, err := s.ledger.Batch(ctx, batch)
	if missing := (*ledger.BatchNotFoundError)(nil); errors.As(err, &missing) {
		return false, nil
	}
	if err != nil || b.Source.Plan == id {
		return err == nil, err
	}
	acts, err := s.ledger.Acts(ctx, batch, "")
	return slices.ContainsFunc(acts, func(act ledger.Event) bool {
		return act.Kind == applyAct && act.Detail == planDetail(id)
	}), err
}

// markBegun leaves the plan's mark before its first item is registered: killed after that and run
// again, it knows its own items. A batch that is new gets the mark with its first item.
func (s *session) markBegun(ctx context.Context, p *savedPlan, counts plan.Counts) error {
	if p.begun || counts.Enqueue == 0 {
		return nil
	}
	act := ledger.Act{Kind: applyAct, By: author(), Items: int64(counts.Enqueue), Detail: planDetail(p.ID)}
	err := s.ledger.Note(ctx, p.Batch, act)
	if missing := (*ledger.BatchNotFoundError)(nil); errors.As(err, &missing) {
		return nil
	}
	return err
}

func planDetail(id string) string { return "plan " + id }
