package bulk

import (
	"errors"
	"iter"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"havip/ledger"
)

// some delivers n items, and then the error, if there is one.
func some(n int, err error) iter.Seq2[ledger.Item, error] {
	return func(yield func(ledger.Item, error) bool) {
		for i := range n {
			if !yield(ledger.Item{Spec: ledger.Spec{Key: strconv.Itoa(i)}}, nil) {
				return
			}
		}
		if err != nil {
			yield(ledger.Item{}, err)
		}
	}
}

// Every item is handed on once, and an empty chunk never.
func TestInChunks(t *testing.T) {
	t.Parallel()
	for n, want := range map[int][]int{0: nil, 1: {1}, chunkSize: {chunkSize}, chunkSize + 1: {chunkSize, 1}, 2 * chunkSize: {chunkSize, chunkSize}} {
		var sizes []int
		next := 0
		err := inChunks(some(n, nil), func(items []ledger.Item) error {
			sizes = append(sizes, len(items))
			for _, item := range items {
				if item.Key != strconv.Itoa(next) {
					t.Errorf("%d items: got %s, want %d", n, item.Key, next)
				}
				next++
			}
			return nil
		})
		if diff := cmp.Diff(want, sizes); err != nil || diff != "" {
			t.Errorf("%d items: %v %s", n, err, diff)
		}
	}
}

// What could not be read whole is not begun with, and what failed is not gone on with.
func TestInChunksEnds(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	calls := 0
	do := func([]ledger.Item) error { calls++; return broken }
	if err := inChunks(some(3, broken), do); !errors.Is(err, broken) || calls != 0 {
		t.Errorf("unreadable: %v after %d calls", err, calls)
	}
	if err := inChunks(some(2*chunkSize, nil), do); !errors.Is(err, broken) || calls != 1 {
		t.Errorf("failed: %v after %d calls", err, calls)
	}
}
