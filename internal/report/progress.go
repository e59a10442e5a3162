package report

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"havip/internal/lane"
	"havip/internal/progress"
	"havip/internal/render"
	"havip/internal/session"
	"havip/internal/terminal"
	"havip/internal/words"
	"havip/ledger"
	"havip/tasks"
)

// recentEvents bounds the events that a batch's rate is computed from.
const recentEvents = 500

// Figures are a batch's progress and rate. The allowed rate, and what stops the batch, are those of the lane of its oldest
// open item: a batch of several lanes may be faster. The cost does not depend on the batch's size.
func Figures(ctx context.Context, s *session.Session, b ledger.Batch) (progress.Figures, error) {
	f := progress.Figures{Done: b.Total - b.Open(), Total: b.Total}
	switch {
	case b.Open() == 0:
		return f, nil
	case Paused(b):
		f.Stopped = "paused"
		return f, nil
	}
	ends, err := s.Ledger.RecentEnds(ctx, b.Name, recentEvents)
	if err != nil {
		return f, err
	}
	moments := make([]time.Time, len(ends))
	for i, end := range ends {
		moments[i] = end.Time()
	}
	f.Rate = progress.RateOf(moments, time.Now())
	item, found, err := s.Ledger.OldestOpen(ctx, b.Name)
	if IsDamage(err) || err == nil && !found {
		return f, nil
	}
	if err != nil {
		return f, err
	}
	return f, laneFigures(ctx, s, tasks.Lane{Account: item.Account, Region: item.Region}, &f)
}

// laneFigures adds the rate that the lane allows, or what stops the lane.
func laneFigures(ctx context.Context, s *session.Session, l tasks.Lane, f *progress.Figures) error {
	operator := lane.NewOperator(s.Redis, l.String())
	pause, err := operator.Paused(ctx)
	if err != nil {
		return err
	}
	if pause != nil {
		f.Stopped = "lane " + l.String() + " paused"
		return nil
	}
	suspensions, err := lane.NewBreaker(s.Redis, l.String()).Suspensions(ctx)
	if err != nil {
		return err
	}
	for _, suspended := range suspensions {
		if suspended.Target == lane.TargetLane {
			f.Stopped = "lane " + l.String() + " suspended"
			return nil
		}
	}
	rates, err := operator.InForce(ctx)
	f.Allowed = rates.RPS()
	return err
}

// figures are a batch's as -o json and ndjson show them.
type figures struct {
	Done    int64 `json:"done"`
	Percent int64 `json:"percent"`
	// Rate is how many items finished per second recently, and Allowed the lane's rate limit, 0 for none. These are null if
	// they are not known, and in commands other than status.
	Rate        *float64   `json:"rate"`
	Allowed     *float64   `json:"allowed"`
	SecondsLeft *float64   `json:"secondsLeft"`
	EndsAt      *time.Time `json:"endsAt"`
	// Stopped says why nothing progresses: the batch or its lane is paused, or the lane is suspended.
	Stopped string `json:"stopped"`

	shown progress.Figures
}

func figuresOf(f progress.Figures, now time.Time) figures {
	v := figures{Done: f.Done, Percent: f.Percent(), Allowed: f.Allowed, Stopped: f.Stopped, shown: f}
	if f.Rate > 0 {
		v.Rate = &f.Rate
	}
	if left := f.Left(); left > 0 {
		seconds, end := left.Seconds(), now.Add(left).Round(time.Second)
		v.SecondsLeft, v.EndsAt = &seconds, &end
	}
	return v
}

// Status writes batches with their rates.
func Status(ctx context.Context, t *terminal.IO, s *session.Session, batches []ledger.Batch) error {
	all := make(map[string]progress.Figures, len(batches))
	for _, b := range batches {
		f, err := Figures(ctx, s, b)
		if err != nil {
			return err
		}
		all[b.Name] = f
	}
	list := StatusList()
	return writeBatches(t, list, batches, func(b ledger.Batch) progress.Figures { return all[b.Name] })
}

// StatusList is [BatchList] with the rates in its table.
func StatusList() render.List[Batch] {
	list := BatchList()
	list.Table = []string{"batch", "phase", "done", "counts", "rate", "secondsLeft", "age"}
	list.Dispensable = []string{"age"}
	return list
}

func rateCell(v Batch) string { return cmp.Or(v.shown.Speed(), "-") }

// leftCell is the time left, or what stops the batch.
func leftCell(v Batch) string {
	switch {
	case v.Stopped != "":
		return v.Stopped
	case v.EndsAt == nil:
		return "-"
	}
	return words.Span(v.shown.Left()) + ", ends " + words.Clock(*v.EndsAt, time.Now())
}

func decimal(n *float64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatFloat(*n, 'f', 1, 64)
}
