package session

import (
	"context"
	"slices"

	"havip/internal/lane"
	"havip/internal/queue"
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
