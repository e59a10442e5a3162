package session

import (
	"context"
	"slices"

	"havip/internal/lane"
	"havip/internal/queue"
	"havip/ledger"
	"havip/tasks"
)

// Lanes lists the lanes that have a queue, and those that were ever paused or limited, by name.
func (s *Session) Lanes(ctx context.Context) ([]tasks.Lane, error) {
	names, err := lane.KnownLanes(ctx, s.Redis)
	if err != nil {
		return nil, err
	}
	queues, err := queue.Lanes(ctx, s.Redis)
	if err != nil {
		return nil, err
	}
	for _, l := range queues {
		names = append(names, l.String())
	}
	slices.Sort(names)
	var lanes []tasks.Lane
	for _, name := range slices.Compact(names) {
		if l, err := tasks.ParseLane(name); err == nil {
			lanes = append(lanes, l)
		}
	}
	return lanes, nil
}

// LaneAct is who changes a lane and why, and BatchAct the same for a batch.
func (s *Session) LaneAct(reason string) lane.Act {
	return lane.Act{By: s.By, Reason: ReasonText(reason)}
}

// BatchAct is [Session.LaneAct] for a batch.
func (s *Session) BatchAct(reason string) ledger.Act {
	return ledger.Act{By: s.By, Reason: ReasonText(reason)}
}

// ResumeLane ends the pause of a lane, and that of its queue by asynq's own tools, and reports which of them there was.
func (s *Session) ResumeLane(ctx context.Context, l tasks.Lane, reason string) (lanePaused, queuePaused bool, err error) {
	if lanePaused, err = lane.NewOperator(s.Redis, l.String()).Resume(ctx, s.LaneAct(reason)); err != nil {
		return false, false, err
	}
	queuePaused, err = queue.Of(s.Redis, l).Unpause(ctx)
	return lanePaused, queuePaused, err
}
