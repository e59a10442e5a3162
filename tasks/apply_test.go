package tasks

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/ledger"
	"havip/lifecycle"
)

// scribe is a ledger that knows nothing, enters everything, and writes down what it is asked for, by the
// first key of each chunk; the queue that belongs to it writes down its tasks.
type scribe struct {
	ProducerLedger
	mu      sync.Mutex
	entries []string
	// onRegister and onEnqueue may make a step fail, or wait.
	onRegister, onEnqueue func(key string) error
}

func (s *scribe) note(entry string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.entries = append(s.entries, entry)
}

// at is when something was noted, or -1.
func (s *scribe) at(entry string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Index(s.entries, entry)
}

func (s *scribe) ClaimRequests(_ context.Context, claims []ledger.RequestClaim) ([]ledger.RequestOwner, error) {
	owners := make([]ledger.RequestOwner, len(claims))
	for i, claim := range claims {
		owners[i] = claim.Owner
	}
	return owners, nil
}

func (s *scribe) Register(_ context.Context, _ string, _ ledger.Source, specs []ledger.Spec) ([]ledger.Registration, error) {
	s.note("register " + specs[0].Key)
	answers := make([]ledger.Registration, len(specs))
	for i, spec := range specs {
		answers[i] = ledger.Registration{Result: lifecycle.RegisteredNew, State: ledger.Queued, ClientToken: spec.ClientToken, Generation: 1}
	}
	return answers, call(s.onRegister, specs[0].Key)
}

func (s *scribe) MarkEnqueued(_ context.Context, _ string, keys []string) error {
	s.note("mark " + keys[0])
	return nil
}

func (s *scribe) Commit(context.Context, string) error {
	s.note("commit")
	return nil
}

func (s *scribe) EnqueueContext(_ context.Context, task *asynq.Task, _ ...asynq.Option) (*asynq.TaskInfo, error) {
	p, err := DecodePayload(task.Payload())
	if err != nil {
		return nil, err
	}
	err = call(s.onEnqueue, p.Key)
	s.note("enqueue " + p.Key)
	return &asynq.TaskInfo{}, err
}

func call(step func(string) error, key string) error {
	if step == nil {
		return nil
	}
	return step(key)
}

// await waits for an event, with a last guard.
func await(event <-chan struct{}) error {
	timer := time.NewTimer(5 * time.Minute)
	defer timer.Stop()
	select {
	case <-event:
		return nil
	case <-timer.C:
		return errors.New("what was waited for does not come")
	}
}

// chunksOfRows are n chunks; chunkKey is the first key of one.
func chunksOfRows(n int) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		for i := range n * enqueueChunk {
			if !yield(Row{Item: testItem(fmt.Sprintf("k%06d", i), "")}, nil) {
				return
			}
		}
	}
}

func chunkKey(n int) string { return fmt.Sprintf("k%06d", n*enqueueChunk) }

// A crash loses nothing only in this order; and a chunk need not wait for the tasks of the one before.
func TestApplyKeepsItsOrder(t *testing.T) {
	t.Parallel()
	next := make(chan struct{})
	s := &scribe{}
	s.onRegister = func(key string) error {
		if key == chunkKey(1) {
			close(next)
		}
		return nil
	}
	s.onEnqueue = func(key string) error {
		if key == chunkKey(0) {
			return await(next) // the second chunk is registered while the first is being enqueued
		}
		return nil
	}
	var observed []string
	err := NewProducer(s, s, nil).Apply(t.Context(), testBatch, ledger.Source{}, chunksOfRows(3), func(answers []Comparison) {
		key := answers[0].Row.Item.Key
		observed = append(observed, key)
		if s.at("mark "+key) < 0 {
			t.Errorf("chunk %s is told of before it is marked", key)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{chunkKey(0), chunkKey(1), chunkKey(2)}; !slices.Equal(observed, want) {
		t.Errorf("told of %v, want %v", observed, want)
	}
	for i := range 3 {
		last := fmt.Sprintf("k%06d", (i+1)*enqueueChunk-1)
		s.requireInOrder(t, "register "+chunkKey(i), "enqueue "+chunkKey(i), "mark "+chunkKey(i), "commit")
		s.requireInOrder(t, "register "+chunkKey(i), "enqueue "+last, "mark "+chunkKey(i))
	}
	s.requireInOrder(t, "register "+chunkKey(0), "register "+chunkKey(1), "register "+chunkKey(2))
}

func (s *scribe) requireInOrder(t *testing.T, entries ...string) {
	t.Helper()
	for i, entry := range entries {
		if s.at(entry) < 0 || i > 0 && s.at(entry) < s.at(entries[i-1]) {
			t.Errorf("%q does not come after %q", entry, entries[:i])
		}
	}
}

var errBroken = errors.New("broken")

// What was not enqueued is not marked, and a batch of which something is missing is not committed.
func TestApplyThatCannotEnqueue(t *testing.T) {
	t.Parallel()
	s := &scribe{onEnqueue: func(key string) error {
		if key == chunkKey(1) {
			return errBroken
		}
		return nil
	}}
	var told int
	err := NewProducer(s, s, nil).Apply(t.Context(), testBatch, ledger.Source{}, chunksOfRows(5), func([]Comparison) { told++ })
	if !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	// The first chunk, and the third, which was under way when the second failed.
	if told != 2 || s.at("mark "+chunkKey(2)) < 0 {
		t.Errorf("told of %d chunks; the third marked at %d", told, s.at("mark "+chunkKey(2)))
	}
	if s.at("mark "+chunkKey(1)) >= 0 || s.at("register "+chunkKey(4)) >= 0 || s.at("commit") >= 0 {
		t.Errorf("marked at %d, the last registered at %d, committed at %d",
			s.at("mark "+chunkKey(1)), s.at("register "+chunkKey(4)), s.at("commit"))
	}
}

// What is under way when a later chunk fails is seen to its end: nothing of Apply goes on behind its back.
func TestApplyThatCannotRegister(t *testing.T) {
	t.Parallel()
	failing := make(chan struct{})
	s := &scribe{}
	s.onRegister = func(key string) error {
		if key == chunkKey(1) {
			close(failing)
			return errBroken
		}
		return nil
	}
	s.onEnqueue = func(string) error { return await(failing) }
	var told int
	err := NewProducer(s, s, nil).Apply(t.Context(), testBatch, ledger.Source{}, chunksOfRows(3), func([]Comparison) { told++ })
	if !errors.Is(err, errBroken) {
		t.Errorf("got %v", err)
	}
	if told != 1 || s.at("mark "+chunkKey(0)) < 0 || s.at("register "+chunkKey(2)) >= 0 || s.at("commit") >= 0 {
		t.Errorf("told of %d chunks; the first marked at %d, the last registered at %d, committed at %d",
			told, s.at("mark "+chunkKey(0)), s.at("register "+chunkKey(2)), s.at("commit"))
	}
}
