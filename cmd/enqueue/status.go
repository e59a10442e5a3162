package main

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/notify"
	"havip/internal/render"
	"havip/ledger"
)

func (a *app) statusCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "status [BATCH]",
		Short: "Tell how a batch stands, or every unfinished one",
		Long: `Status reads counters: it costs the same for a batch of ten items and of a million.
Without a batch it shows those that are not done. What holds a lane back, and what somebody
has set for it, is told on stderr.`,
		Example: `  enqueue status
  enqueue status havips -o json
  enqueue status havips --json phase,open`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			if err := a.sayHolds(cmd.Context(), s); err != nil {
				return err
			}
			if len(args) == 1 {
				b, err := s.ledger.Batch(cmd.Context(), args[0])
				if err != nil {
					return notFound(err)
				}
				a.sayIncomplete(b)
				a.sayHeld(b)
				if err := a.sayNotices(s, []ledger.Batch{b}); err != nil {
					return err
				}
				return a.printBatches([]ledger.Batch{b})
			}
			batches, err := s.ledger.Batches(cmd.Context())
			if err != nil {
				return err
			}
			var unfinished []ledger.Batch
			for _, b := range batches {
				if !b.Done() {
					a.sayIncomplete(b)
					a.sayHeld(b)
					unfinished = append(unfinished, b)
				}
			}
			if err := a.sayNotices(s, batches); err != nil {
				return err
			}
			if len(unfinished) == 0 {
				a.say("nothing under way; %s known, see `enqueue list`", count(len(batches), "batch is", "batches are"))
			}
			return a.printBatches(unfinished)
		},
	}
	defineFields[batchView](a, cmd)
	return cmd
}

func (a *app) sayIncomplete(b ledger.Batch) {
	if b.CommittedAt == 0 {
		a.say("%s", incompleteLine(b))
	}
}

func (a *app) listCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the batches, newest first",
		Long: `List shows every batch that the ledger knows, newest first: how far it is, how many items
stand in each state, when it was made and from which file.`,
		Example: `  enqueue list
  enqueue list --json batch,phase,failed
  enqueue list -o ndjson | jq -r 'select(.failed > 0).batch'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.open(cmd.Context())
			if err != nil {
				return err
			}
			defer s.close()
			batches, err := s.ledger.Batches(cmd.Context())
			if err != nil {
				return err
			}
			if len(batches) == 0 {
				a.say("no batches yet; make one with `enqueue apply FILE`")
			}
			for _, b := range batches {
				a.sayHeld(b)
			}
			return a.printBatches(batches)
		},
	}
	defineFields[batchView](a, cmd)
	return cmd
}

// batchView is a batch as -o json and ndjson show it.
type batchView struct {
	Batch       string           `json:"batch"`
	Phase       string           `json:"phase"`
	Total       int64            `json:"total"`
	Open        int64            `json:"open"`
	Failed      int64            `json:"failed"`
	Counts      map[string]int64 `json:"counts"`
	File        string           `json:"file"`
	By          string           `json:"by"`
	CreatedAt   *time.Time       `json:"createdAt"`
	CompletedAt *time.Time       `json:"completedAt"`
	MaxFailures string           `json:"maxFailures"`
	Held        *holdView        `json:"held"`
	// OnComplete is who is told of completions, without a query; NoticesOwed counts those still to be told.
	OnComplete  string `json:"onComplete"`
	NoticesOwed int    `json:"noticesOwed"`
}

func viewOf(b ledger.Batch) batchView {
	v := batchView{
		Batch: b.Name, Phase: phase(b), Total: b.Total, Open: b.Open(), Failed: b.Failed(),
		OnComplete: notify.Shown(b.OnComplete), NoticesOwed: len(b.Owed),
		Counts: map[string]int64{}, File: b.Source.File, By: b.Source.By,
		CreatedAt: moment(b.CreatedAt), CompletedAt: moment(b.CompletedAt),
		MaxFailures: string(b.Source.MaxFailures), Held: viewOfHold(b.Hold),
	}
	for state, n := range b.Counts {
		v.Counts[string(state)] = n
	}
	return v
}

func moment(m ledger.Millis) *time.Time {
	if m == 0 {
		return nil
	}
	t := m.Time()
	return &t
}

func (a *app) printBatches(batches []ledger.Batch) error {
	switch a.output {
	case render.JSON, render.NDJSON:
		return a.encodeBatches(batches)
	case render.CSV:
		return a.csvBatches(batches)
	case render.Table:
	}
	const total, items, from = 2, 3, 5
	grid := render.NewGrid(a.out, cli.TerminalWidth(a.out, 0), items, "BATCH", "PHASE", "TOTAL", "ITEMS", "CREATED", "FROM").Dispensable(from, total)
	for _, b := range batches {
		if err := grid.Row(b.Name, phase(b), number(b.Total), countsLine(b), ago(b.CreatedAt, time.Now()), b.Source.File); err != nil {
			return err
		}
	}
	return grid.Close()
}

func (a *app) encodeBatches(batches []ledger.Batch) error {
	views := make([]batchView, len(batches))
	for i, b := range batches {
		views[i] = viewOf(b)
	}
	return encode(a, views)
}

func (a *app) csvBatches(batches []ledger.Batch) error {
	w := a.records(append([]string{"batch", "phase", "total", "open", "failed"}, stateNames()...)...)
	for _, b := range batches {
		row := []string{
			b.Name, phase(b), strconv.FormatInt(b.Total, 10),
			strconv.FormatInt(b.Open(), 10), strconv.FormatInt(b.Failed(), 10),
		}
		for _, state := range ledger.States() {
			row = append(row, strconv.FormatInt(b.Counts[state], 10))
		}
		if err := w.Write(row...); err != nil {
			return err
		}
	}
	return w.Close()
}
