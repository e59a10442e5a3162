package hazards

import (
	"testing"
	"time"

	"havip/ledger"
)

// gaps are the times from one request of an item to the next, of all items.
func (w *world) gaps(t *testing.T) []time.Duration {
	t.Helper()
	var gaps []time.Duration
	for item, err := range w.ledger.Items(t.Context(), batch) {
		if err != nil {
			t.Fatal(err)
		}
		attempts := w.attempts(t, item)
		for i := 1; i < len(attempts); i++ {
			gaps = append(gaps, attempts[i].At.Time().Sub(attempts[i-1].At.Time()))
		}
	}
	return gaps
}

func (w *world) attempts(t *testing.T, item ledger.Item) []ledger.Attempt {
	t.Helper()
	attempts, err := w.ledger.Attempts(t.Context(), item)
	if err != nil {
		t.Fatal(err)
	}
	return attempts
}

// asynq looks for tasks that are due every 5 seconds, unless it is told to do so more often. A delay of
// at most a second must not become one of five.
func TestShortDelaysStayShort(t *testing.T) {
	t.Parallel()
	inBubble(t, "create:commit-500=x20", func(t *testing.T, w *world) {
		w.worker(t, "w")
		w.apply(t, 20)
		w.awaitDone(t)
		for _, gap := range w.gaps(t) {
			if gap > 2500*time.Millisecond {
				t.Errorf("tried again after %s, where at most a second was meant", gap)
			}
		}
		w.requireOnce(t, 20, 2)
	})
}

// asynq keeps when a task is due in whole seconds, rounded down. Nobody who was told to wait comes
// back before the time for it.
func TestAskedDelaysAreKept(t *testing.T) {
	t.Parallel()
	inBubble(t, "create:429=x40:1s", func(t *testing.T, w *world) {
		pass(850 * time.Millisecond) // so that a second rounded down is nearly one too few
		w.worker(t, "w")
		w.apply(t, 40)
		w.awaitDone(t)
		for _, gap := range w.gaps(t) {
			if gap < time.Second {
				t.Errorf("tried again after %s, where BCE asked for a second", gap)
			}
		}
		w.requireOnce(t, 40, 2)
	})
}
