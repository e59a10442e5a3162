package hazards

import (
	"testing"
	"time"

	"havip/ledger"
)

// gaps are the times from one request of an item to the next, of all items.
func (f *hazardFixture) gaps(t *testing.T) []time.Duration {
	t.Helper()
	var gaps []time.Duration
	for item, err := range f.ledger.Items(t.Context(), batch) {
		if err != nil {
			t.Fatal(err)
		}
		attempts := f.attempts(t, item)
		for i := 1; i < len(attempts); i++ {
			gaps = append(gaps, attempts[i].At.Time().Sub(attempts[i-1].At.Time()))
		}
	}
	return gaps
}

func (f *hazardFixture) attempts(t *testing.T, item ledger.Item) []ledger.Attempt {
	t.Helper()
	attempts, err := f.ledger.Attempts(t.Context(), item)
	if err != nil {
		t.Fatal(err)
	}
	return attempts
}

// asynq looks for tasks that are due every 5 seconds, unless it is told to do so more often. A delay of
// at most a second must not become one of five.
func TestShortDelaysStayShort(t *testing.T) {
	t.Parallel()
	inBubble(t, "create:commit-500=x20", func(t *testing.T, f *hazardFixture) {
		f.worker(t, "w")
		f.apply(t, 20)
		f.awaitDone(t)
		for _, gap := range f.gaps(t) {
			if gap > 2500*time.Millisecond {
				t.Errorf("tried again after %s, where at most a second was meant", gap)
			}
		}
		f.requireOnce(t, 20, 2)
	})
}

// asynq keeps when a task is due in whole seconds, rounded down. Nobody who was told to wait comes
// back before the time for it.
func TestAskedDelaysAreKept(t *testing.T) {
	t.Parallel()
	inBubble(t, "create:429=x40:1s", func(t *testing.T, f *hazardFixture) {
		pass(850 * time.Millisecond) // so that a second rounded down is nearly one too few
		f.worker(t, "w")
		f.apply(t, 40)
		f.awaitDone(t)
		for _, gap := range f.gaps(t) {
			if gap < time.Second {
				t.Errorf("tried again after %s, where BCE asked for a second", gap)
			}
		}
		f.requireOnce(t, 40, anySends)
		sends := 0 // an item may be refused twice before another is sent for the first time
		for item, err := range f.ledger.Items(t.Context(), batch) {
			if err != nil {
				t.Fatal(err)
			}
			sends += item.Record.Sends
		}
		if sends != 80 {
			t.Errorf("%d requests; want 40 that were refused and 40 others", sends)
		}
	})
}
