package lane

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/lane"
	"havip/internal/render"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/terminal"
	"havip/internal/words"
	"havip/ledger"
	"havip/tasks"
)

func newShowCommand(f *session.Factory) *cobra.Command {
	return &cobra.Command{
		Use:   "show [LANE]",
		Short: "Show the rate limit in force, and those of the workers",
		Long: `Show prints, for one lane or for all, the rate limit in force (RPS) and the limit that the
workers were started with (CONFIGURED). If a limit was set: by whom, when and why.`,
		Example: `  enqueue limit show
  enqueue limit show default/bj -o json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := ""
			if len(args) == 1 {
				name = args[0]
			}
			return showLimits(cmd.Context(), f, name)
		},
	}
}

// limitView is a lane's rate limit in JSON.
type limitView struct {
	Lane string `json:"lane"`
	// RPS is the limit in force, 0 for none. It is nil if none is set and the lane has no worker, or workers with
	// different limits.
	RPS        *float64         `json:"rps"`
	Set        *setRate         `json:"set"`
	Configured []configuredRate `json:"configured"`
}

type setRate struct {
	RPS    float64   `json:"rps"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

type configuredRate struct {
	Worker string  `json:"worker"`
	RPS    float64 `json:"rps"`
}

// showLimits shows the limit of the named lane, or of all lanes without a name.
func showLimits(ctx context.Context, f *session.Factory, name string) error {
	var lanes []tasks.Lane
	if name != "" {
		l, err := tasks.ParseLane(name)
		if err != nil {
			return cli.Fail(cli.ExitUsage, err)
		}
		lanes = append(lanes, l)
	}
	s, err := f.Open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	if name == "" {
		if lanes, err = s.Lanes(ctx); err != nil {
			return err
		}
		if len(lanes) == 0 {
			f.Infof("there are no lanes yet; a worker or `enqueue apply FILE` creates one")
		}
	}
	views := make([]limitView, len(lanes))
	for i, l := range lanes {
		if views[i], err = limitOf(ctx, s, l); err != nil {
			return err
		}
		if err := report.QueuePause(ctx, f.IO, s, l); err != nil {
			return err
		}
	}
	return terminal.Print(f.IO, limitList(), views)
}

func limitList() render.List[limitView] {
	return render.List[limitView]{
		Columns: []render.Column[limitView]{
			{Name: "lane", Text: func(v limitView) string { return v.Lane }},
			{Name: "rps", Text: limitView.rate, Cell: limitView.inForce},
			{Name: "configured", Text: func(v limitView) string { return strings.Join(texts(v.rates(), words.Decimal), ";") }, Cell: limitView.configured},
			{Name: "workers", Number: func(v limitView) int64 { return int64(len(v.Configured)) }},
			{Name: "setBy", Head: "SET BY", Text: func(v limitView) string { return v.set().By }, Cell: func(v limitView) string { return cmp.Or(v.set().By, "-") }},
			{Name: "setAt", Head: "SINCE", Time: func(v limitView) time.Time { return v.set().At }, Cell: limitView.since},
			{Name: "reason", Text: func(v limitView) string { return v.set().Reason }},
		},
		Table: []string{"lane", "rps", "configured", "workers", "setBy", "setAt", "reason"}, Flexible: "reason",
	}
}

// rate is the limit in force in CSV; "" if unknown.
func (v limitView) rate() string {
	if v.RPS == nil {
		return ""
	}
	return words.Decimal(*v.RPS)
}

// since is how long ago the limit was set.
func (v limitView) since() string {
	if v.Set == nil {
		return "-"
	}
	return report.Ago(ledger.Millis(v.Set.At.UnixMilli()), time.Now())
}

// set is the limit that was set, or zero.
func (v limitView) set() setRate {
	if v.Set == nil {
		return setRate{}
	}
	return *v.Set
}

func limitOf(ctx context.Context, s *session.Session, l tasks.Lane) (limitView, error) {
	operator := lane.NewOperator(s.Redis, l.String())
	v := limitView{Lane: l.String(), Configured: []configuredRate{}}
	set, err := operator.Limit(ctx)
	if err != nil {
		return v, err
	}
	workers, err := operator.Configured(ctx)
	if err != nil {
		return v, err
	}
	for _, w := range workers {
		v.Configured = append(v.Configured, configuredRate(w))
	}
	if set != nil {
		v.Set = &setRate{RPS: set.RPS, By: set.By, At: set.Since, Reason: set.Reason}
		v.RPS = &v.Set.RPS
	} else if rates := v.rates(); len(rates) == 1 {
		v.RPS = &rates[0]
	}
	return v, nil
}

// rates are the different limits that workers were started with.
func (v limitView) rates() []float64 {
	var rates []float64
	for _, w := range v.Configured {
		rates = append(rates, w.RPS)
	}
	slices.Sort(rates)
	return slices.Compact(rates)
}

func (v limitView) configured() string {
	if len(v.Configured) == 0 {
		return "-"
	}
	return strings.Join(texts(v.rates(), rateCell), " and ")
}

func texts(rates []float64, text func(float64) string) []string {
	all := make([]string, len(rates))
	for i, rps := range rates {
		all[i] = text(rps)
	}
	return all
}

func (v limitView) inForce() string {
	switch {
	case v.RPS != nil:
		return rateCell(*v.RPS)
	case len(v.Configured) == 0:
		return "-"
	default:
		return "differs"
	}
}

// rateCell is a rate limit in a table.
func rateCell(rps float64) string {
	if rps == 0 {
		return "no limit"
	}
	return words.Decimal(rps)
}
