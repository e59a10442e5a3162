package audit

import (
	"context"
	"fmt"
	"time"

	"havip/ledger"
)

// workers reports which workers are alive, which send no heartbeat, and which died with items.
func (x *examination) workers(ctx context.Context) error {
	beats, err := x.ledger.Beats(ctx)
	if err != nil {
		return err
	}
	now := x.Now().Add(x.redisAhead)
	var alive, silent []string
	for _, beat := range beats {
		if quiet := now.Sub(beat.At.Time()); quiet > ledger.SilentAfter {
			silent = append(silent, fmt.Sprintf("%s (for %s)", beat.Worker, quiet.Round(time.Second)))
		} else {
			alive = append(alive, beat.Worker)
		}
	}
	text := "No worker is alive."
	if len(alive) > 0 {
		text = counted(len(alive), "worker") + " alive: " + examples(alive) + "."
	}
	if err := x.report(note(CodeWorkers, "workers", "%s", text)); err != nil {
		return err
	}
	if len(silent) > 0 {
		d := warning(CodeDeadWorkers, "workers", "%s not heard from: %s.", counted(len(silent), "worker"), examples(silent)).
			meaning("They were killed, stopped or cut off from Redis, and no other worker is running that would take over their items.",
				x.serve()+": it takes over their items within seconds.")
		if err := x.report(d); err != nil {
			return err
		}
	}
	return x.dead(ctx)
}

// deadNamed bounds how many dead workers' items are counted.
const deadNamed = 1000

// dead reports dead workers whose items no worker has taken over yet.
func (x *examination) dead(ctx context.Context) error {
	dead, err := x.ledger.DeadWorkers(ctx, deadNamed)
	if err != nil {
		return err
	}
	var names []string
	items := 0
	for _, name := range dead {
		claimed, err := x.ledger.ClaimedBy(ctx, name)
		if err != nil {
			return err
		}
		names = append(names, fmt.Sprintf("%s (%s)", name, counted(len(claimed), "item")))
		items += len(claimed)
	}
	if items == 0 {
		return nil
	}
	return x.report(warning(CodeDeadWorkers, "workers", "%s of dead workers not taken over yet: %s.", counted(items, "item"), examples(names)).
		meaning("A running worker takes them over within seconds. If this persists, none is running.", x.serve()+", or look at the log of a running one."))
}
