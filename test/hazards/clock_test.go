package hazards

import (
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/tasks"
)

// Redis's clock steps while workers have slow requests in flight, as in a failover to a host whose clock is
// another, and items have second tasks meanwhile: no lease ends and nobody is dead by that, so no token is sent
// twice at once, and everything ends.
func TestRedisClockSteps(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]time.Duration{"20 s ahead": 20 * time.Second, "an hour back": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, "create:stall-before:14s", func(t *testing.T, f *hazardFixture) {
				const n = 16
				f.worker(t, "w1")
				f.worker(t, "w2")
				f.apply(t, n)
				until(t, "requests of both are under way", often, func() bool { return f.sim.Stats().InFlight > 8 })
				pass(2 * time.Second)
				f.memory.StepClock(t, step)
				f.doubleTasks(t)
				f.awaitDone(t)
				f.awaitEmptyQueue(t)
				f.requireOnce(t, n, 1)
			})
		})
	}
}

// doubleTasks gives each item a second task, as asynq does with those whose leases it holds to have ended.
func (f *hazardFixture) doubleTasks(t *testing.T) {
	t.Helper()
	queue := asynq.NewClientFromRedisClient(f.rdb)
	for item, err := range f.ledger.Items(t.Context(), batch) {
		if err != nil {
			t.Fatal(err)
		}
		task, options := tasks.TaskOf(item, "double")
		if _, err := queue.EnqueueContext(t.Context(), task, options...); err != nil {
			t.Fatal(err)
		}
	}
}
