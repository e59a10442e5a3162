package intake

import (
	"context"
	"time"

	"havip/internal/render"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/shell"
	"havip/internal/words"
	"havip/ledger"
)

// check reports the plan's age, and refuses a plan that was made with another Redis, batch, region or file.
func (p *savedPlan) check(ctx context.Context, f *session.Factory, s *session.Session) error {
	now, err := s.Redis.Time(ctx).Result()
	if err != nil {
		return err
	}
	known, err := LedgerOf(ctx, f, s, p.Batch)
	if err != nil {
		return err
	}
	p.reportAge(f, now)
	switch {
	case known.Redis != p.Ledger.Redis:
		return p.staleError("it was made with Redis %s, and this is %s", p.Ledger.Redis, known.Redis)
	case p.Ledger.BatchSince != 0 && known.BatchSince != p.Ledger.BatchSince:
		return p.staleError("the batch that it was compared with is no longer in the ledger")
	case known.BatchPast != p.Ledger.BatchPast:
		return p.staleError("the record of this batch was deleted since; applying the plan would create all its HaVIPs again")
	case p.region != "" && p.region != p.Region:
		return p.staleError("it was made with region %s for rows without a region, and --region or BCE_REGION is %s", p.Region, p.region)
	case p.Source.Changed():
		return p.staleError("%s was changed since", shell.Quote(p.Source.Name))
	}
	p.begun, err = p.Begun(ctx, s.Ledger)
	return err
}

// staleLive is the age from which there is a warning about a plan's comparison with BCE.
const staleLive = time.Hour

func (p *savedPlan) reportAge(f *session.Factory, now time.Time) {
	f.Infof("plan %s was made %s by %s", shell.Quote(p.Name()), report.Ago(ledger.Millis(p.MadeAt.UnixMilli()), now), render.Printable(p.MadeBy))
	if p.Live && p.Counts.Fail > 0 {
		f.Infof("according to BCE at that time, %s", words.Count(p.Counts.Fail, "row would fail", "rows would fail"))
	}
	if p.Live && now.Sub(p.MadeAt) > staleLive {
		f.Infof("warning: its comparison with BCE is old; %s", p.again())
	}
}
