package main

import (
	"context"
	"time"

	"havip/internal/plan"
	"havip/internal/render"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/words"
	"havip/ledger"
	"havip/tasks"
)

// checkSaved tells how the plan's rows stand now, and refuses it unless applying it does what it says.
func (a *app) checkSaved(ctx context.Context, s *session.Session, in *input) (plan.Counts, error) {
	p := in.saved
	if err := a.checkWorld(ctx, s, p); err != nil {
		return plan.Counts{}, err
	}
	var err error
	if p.begun, err = p.Begun(ctx, s.Ledger); err != nil {
		return plan.Counts{}, err
	}
	counts, stale, err := compareSaved(ctx, s, p)
	if err != nil {
		return counts, err
	}
	for _, row := range stale.rows {
		a.Infof("%s:%d: %q: %s", render.Printable(p.Source.Name), row.Line, row.Item.Key, render.Printable(row.Concern.Why))
	}
	if stale.total > 0 {
		return counts, p.stale("%s otherwise than planned", words.Count(stale.total, "row stands", "rows stand"))
	}
	return counts, nil
}

// checkWorld compares what the plan was made of and against with what there is, and tells its age.
func (a *app) checkWorld(ctx context.Context, s *session.Session, p *savedPlan) error {
	now, err := s.Redis.Time(ctx).Result()
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
	case known.BatchPast != p.Ledger.BatchPast:
		return p.stale("a batch of this name was made since, and its record was deleted; applied again, it would create all of it anew")
	case p.region != "" && p.region != p.Region:
		return p.stale("it was made with region %s for rows that name none, and --region or BCE_REGION says %s", p.Region, p.region)
	case p.Source.Changed():
		return p.stale("%s was changed since", shell.Quote(p.Source.Name))
	}
	return nil
}

// staleLive is how old what a plan says of BCE may be without a word about it.
const staleLive = time.Hour

func (a *app) sayAge(p *savedPlan, now time.Time) {
	a.Infof("plan %s was made %s by %s", shell.Quote(p.Name()), report.Ago(ledger.Millis(p.MadeAt.UnixMilli()), now), render.Printable(p.MadeBy))
	if p.Live && p.Counts.Fail > 0 {
		a.Infof("by what BCE said then, %s", words.Count(p.Counts.Fail, "row would fail", "rows would fail"))
	}
	if p.Live && now.Sub(p.MadeAt) > staleLive {
		a.Infof("warning: what it says of BCE is old; %s", p.again())
	}
}

// compareSaved tells how the rows stand to the ledger now, and which of them otherwise than planned.
func compareSaved(ctx context.Context, s *session.Session, p *savedPlan) (counts plan.Counts, stale attentionList, err error) {
	var planned []plan.Row // and not compared yet, in order
	items := plannedItems(p.File, func(row plan.Row) { planned = append(planned, row) })
	planner := plan.Planner{Ledger: tasks.NewProducer(s.Ledger, nil)}
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
