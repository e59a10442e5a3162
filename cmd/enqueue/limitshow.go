package main

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/lane"
	"havip/internal/render"
	"havip/ledger"
	"havip/tasks"
)

func (a *app) limitShowCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show [LANE]",
		Short: "Show the rate in force, and what the workers were started with",
		Long: `Show tells for a lane, or for all, the rate in force (RPS) and the one that the workers
were started with (CONFIGURED); where somebody set another: who, when and why.`,
		Example: `  enqueue limit show
  enqueue limit show default/bj -o json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				return a.onLane(func(ctx context.Context, s *session, l tasks.Lane) error {
					return a.showLimits(ctx, s, []tasks.Lane{l})
				})(cmd, args)
			}
			s, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			lanes, err := s.lanes(cmd.Context())
			if err != nil {
				return err
			}
			if len(lanes) == 0 {
				a.say("no lanes yet; a worker or `enqueue apply FILE` makes one")
			}
			return a.showLimits(cmd.Context(), s, lanes)
		},
	}
}

// limitView is a lane's rate as -o json and ndjson show it.
type limitView struct {
	Lane string `json:"lane"`
	// RPS is the rate in force, 0 for no limit; nil where nothing is set, and no worker serves the
	// lane or they were started with different rates.
	RPS        *float64         `json:"rps"`
	Set        *setLimit        `json:"set"`
	Configured []configuredRate `json:"configured"`
}

type setLimit struct {
	RPS    float64   `json:"rps"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

type configuredRate struct {
	Worker string  `json:"worker"`
	RPS    float64 `json:"rps"`
}

func (a *app) showLimits(ctx context.Context, s *session, lanes []tasks.Lane) error {
	views := make([]limitView, len(lanes))
	for i, l := range lanes {
		var err error
		if views[i], err = s.limitOf(ctx, l); err != nil {
			return err
		}
	}
	switch a.output {
	case render.JSON, render.NDJSON:
		return encodeRows(a.data(), a.output, views)
	case render.CSV:
		return a.csvLimits(views)
	case render.Table:
	}
	const reason = 6
	grid := render.NewGrid(a.out, cli.TerminalWidth(a.out, 0), reason, "LANE", "RPS", "CONFIGURED", "WORKERS", "SET BY", "SINCE", "REASON")
	for _, v := range views {
		by, since, why := "-", "-", ""
		if v.Set != nil {
			by, since, why = v.Set.By, ago(ledger.Millis(v.Set.At.UnixMilli()), time.Now()), v.Set.Reason
		}
		if err := grid.Row(v.Lane, v.inForce(), v.configured(), number(len(v.Configured)), by, since, why); err != nil {
			return err
		}
	}
	return grid.Close()
}

func (s *session) limitOf(ctx context.Context, l tasks.Lane) (limitView, error) {
	operator := lane.NewOperator(s.rdb, l.String())
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
		v.Set = &setLimit{RPS: set.RPS, By: set.By, At: set.Since, Reason: set.Reason}
		v.RPS = &v.Set.RPS
	} else if rates := v.rates(); len(rates) == 1 {
		v.RPS = &rates[0]
	}
	return v, nil
}

// rates are the different rates that workers were started with.
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

func (a *app) csvLimits(views []limitView) error {
	w := a.records("lane", "rps", "configured", "workers", "setBy", "setAt", "reason")
	for _, v := range views {
		row := []string{v.Lane, "", strings.Join(texts(v.rates(), plain), ";"), strconv.Itoa(len(v.Configured)), "", "", ""}
		if v.RPS != nil {
			row[1] = plain(*v.RPS)
		}
		if v.Set != nil {
			row = append(row[:4], v.Set.By, v.Set.At.Format(time.RFC3339), v.Set.Reason)
		}
		if err := w.Write(row...); err != nil {
			return err
		}
	}
	return w.Close()
}

// rateCell says a rate where there is little room.
func rateCell(rps float64) string {
	if rps == 0 {
		return "no limit"
	}
	return plain(rps)
}

func plain(rps float64) string { return strconv.FormatFloat(rps, 'f', -1, 64) }

// rate says a rate.
func rate(rps float64) string {
	switch rps {
	case 0:
		return "no limit"
	case 1:
		return "1 request a second"
	default:
		return plain(rps) + " requests a second"
	}
}
