package bulk

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"havip/ledger"
)

// Tally counts items by action, the state that they were in, and the reason for [None].
type Tally struct {
	rows []Row
	// faults are those of the first damaged items.
	faults []error
}

// Row is one count, as -o json and ndjson show it.
type Row struct {
	Action string       `json:"action"`
	State  ledger.State `json:"state"`
	Items  int64        `json:"items"`
	Why    string       `json:"why"`
}

// Rows are the counts, those of items that are left alone last.
func (t *Tally) Rows() []Row { return t.rows }

// Faults are the errors of the first 20 damaged items, each a [*ledger.UnreadableError].
func (t *Tally) Faults() []error { return t.faults }

// Damaged counts the items whose data cannot be read. They are left alone.
func (t *Tally) Damaged() (n int64) {
	for _, r := range t.rows {
		if r.Why == whyDamaged {
			n += r.Items
		}
	}
	return n
}

func (t *Tally) add(d Decision, state ledger.State) { t.addAll(d, state, 1) }

// addAll adds n items.
func (t *Tally) addAll(d Decision, state ledger.State, n int64) {
	if d.fault != nil && len(t.faults) < maxFaults {
		t.faults = append(t.faults, d.fault)
	}
	for i := range t.rows {
		if r := &t.rows[i]; r.Action == d.Action && r.State == state && r.Why == d.Why {
			r.Items += n
			return
		}
	}
	t.rows = append(t.rows, Row{Action: d.Action, State: state, Items: n, Why: d.Why})
	slices.SortFunc(t.rows, func(a, b Row) int {
		return cmp.Or(compareLast(a.Action == None, b.Action == None),
			cmp.Compare(a.Action, b.Action), cmp.Compare(a.State, b.State), cmp.Compare(a.Why, b.Why))
	})
}

// compareLast sorts false before true.
func compareLast(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

// Eligible counts the items with an action other than [None].
func (t *Tally) Eligible() (n int64) {
	for _, r := range t.rows {
		if r.Action != None {
			n += r.Items
		}
	}
	return n
}

// Left counts the items that are left alone.
func (t *Tally) Left() int64 { return t.Of(None) }

// Of counts the items with this action.
func (t *Tally) Of(action string) (n int64) {
	for _, r := range t.rows {
		if r.Action == action {
			n += r.Items
		}
	}
	return n
}

// summary says what was done, for the batch's events.
func (t *Tally) summary() string {
	parts := make([]string, len(t.rows))
	for i, r := range t.rows {
		parts[i] = fmt.Sprintf("%s: %d %s", r.Action, r.Items, r.State)
	}
	return strings.Join(parts, "; ")
}
