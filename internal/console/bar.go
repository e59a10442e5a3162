package console

import (
	"strconv"

	"havip/ledger"
)

// barWidth is the width of a bar in the units of its drawing.
const barWidth = 1000.0

// bar shows how many items of a batch are in each state.
type bar []barPart

// barPart is the part of a state.
type barPart struct {
	State ledger.State
	Items int64
	// X and Width are in the units of the drawing.
	X, Width string
}

// minPart is the width of the smallest part: one failed item of 100,000 must be visible.
const minPart = 6.0

// barOf draws finished states first, so that a bar grows from the left.
func barOf(b ledger.Batch) (parts bar) {
	order := []ledger.State{
		ledger.Created, ledger.Adopted, ledger.Deleted, ledger.Canceled, ledger.Rejected, ledger.Review,
		ledger.Unknown, ledger.Sending, ledger.Deleting, ledger.Waiting, ledger.Queued,
	}
	sum := 0.0
	for _, state := range order {
		if n := b.Counts[state]; n > 0 {
			sum += max(minPart, barWidth*float64(n)/float64(b.Total))
		}
	}
	x := 0.0
	for _, state := range order {
		n := b.Counts[state]
		if n <= 0 {
			continue
		}
		width := max(minPart, barWidth*float64(n)/float64(b.Total)) * barWidth / sum
		parts = append(parts, barPart{State: state, Items: n, X: coordinate(x), Width: coordinate(width)})
		x += width
	}
	return parts
}

func coordinate(x float64) string { return strconv.FormatFloat(x, 'f', 2, 64) }
