package lane

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
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
workers were started with (CONFIGURED). If a limit was set: by whom, when and why.

If BCE refuses requests for their rate, all workers of the lane send fewer at once, and more again
while BCE accepts them: LEARNED is the rate of creates that this allows now. USED is how many
creates a second the workers have sent in the last seconds; it is not counted without a limit.
JSON has the same for deletions.`,
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
	Rates      []operationRate  `json:"rates"`
}

// operationRate is the rate of one kind of requests.
type operationRate struct {
	Operation lane.Operation `json:"operation"`
	// Used is how many were sent a second lately.
	Used float64 `json:"used"`
	// Learned is nil unless BCE's refusals have lowered the rate.
	Learned *learnedRate `json:"learned"`
}

type learnedRate struct {
	RPS float64 `json:"rps"`
	// Since is when BCE first refused a request, and At when the rate was lowered last.
	Since   time.Time `json:"since"`
	At      time.Time `json:"at"`
	Code    string    `json:"code"`
	Message string    `json:"message"`
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
		if views[i], err = limitOf(ctx, f.IO, s, l); err != nil {
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
			{Name: "learned", Text: limitView.learned, Cell: func(v limitView) string { return cmp.Or(v.learned(), "-") }},
			{Name: "used", Text: limitView.used, Cell: func(v limitView) string { return cmp.Or(v.used(), "-") }},
		},
		Table: []string{"lane", "rps", "learned", "used", "configured", "workers", "setBy", "setAt", "reason"}, Flexible: "reason",
	}
}

// rate is the limit in force in CSV; "" if unknown.
func (v limitView) rate() string {
	if v.RPS == nil {
		return ""
	}
	return words.Decimal(*v.RPS)
}

// learned is the rate of creates that BCE's refusals have taught; "" if none.
func (v limitView) learned() string {
	if learned := v.Rates[0].Learned; learned != nil {
		return words.Decimal(learned.RPS)
	}
	return ""
}

// used is the rate of creates lately; "" if there were none.
func (v limitView) used() string {
	if v.Rates[0].Used < 0.05 {
		return ""
	}
	return strconv.FormatFloat(v.Rates[0].Used, 'f', 1, 64)
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

func limitOf(ctx context.Context, t *terminal.IO, s *session.Session, l tasks.Lane) (limitView, error) {
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
	rates, err := operator.InForce(ctx)
	if err != nil {
		return v, err
	}
	report.Throttled(t, l, rates)
	v.Rates = []operationRate{rateOf(lane.Creates, rates.Creates), rateOf(lane.Deletions, rates.Deletions)}
	if set != nil {
		v.Set = &setRate{RPS: set.RPS, By: set.By, At: set.Since, Reason: set.Reason}
		v.RPS = &v.Set.RPS
	} else if rates := v.rates(); len(rates) == 1 {
		v.RPS = &rates[0]
	}
	return v, nil
}

func rateOf(operation lane.Operation, r lane.Rates) operationRate {
	shown := operationRate{Operation: operation, Used: math.Round(r.Used*10) / 10}
	if l := r.Learned; l != nil {
		shown.Learned = &learnedRate{RPS: r.RPS, Since: l.Since, At: l.At, Code: l.Code, Message: l.Message}
	}
	return shown
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
