package plan

import (
	"slices"

	"havip/ledger"
	"havip/tasks"
)

// Counts counts rows by what apply does with them. Every row is in one counter, except for the last four fields.
type Counts struct {
	Create   int `json:"create"`
	Requeue  int `json:"requeue"`
	Running  int `json:"running"`
	Done     int `json:"done"`
	Failed   int `json:"failed"`
	Canceled int `json:"canceled"`
	Deleted  int `json:"deleted"`
	// Duplicates and Conflicts are rows for which the whole file is refused.
	Duplicates int `json:"duplicates"`
	Conflicts  int `json:"conflicts"`
	// Adopt and Fail are rows that would be adopted or would fail; they are in no other counter.
	Adopt int `json:"adopt"`
	Fail  int `json:"fail"`
	// Enqueue counts the rows that apply enqueues, even if they would fail; Warnings those with a
	// warning.
	Enqueue  int `json:"enqueue"`
	Warnings int `json:"warnings"`
	// Lanes counts the rows that apply enqueues, by lane.
	Lanes map[tasks.Lane]int `json:"-"`
	// Ended counts failed and canceled rows by state.
	Ended map[ledger.State]int `json:"-"`
	// Others are the items that have the requests of [Counts.Duplicates], one for each batch.
	Others []tasks.Duplicate `json:"-"`
}

// Add counts a row.
func (n *Counts) Add(r Row) {
	if r.Action.Enqueues() {
		n.Enqueue++
		if n.Lanes == nil {
			n.Lanes = map[tasks.Lane]int{}
		}
		n.Lanes[tasks.Lane{Account: r.Item.Account, Region: r.Item.Region}]++
	}
	if r.Concern.Kind == Warning {
		n.Warnings++
	}
	*n.place(r)++
	if r.Action == Failed || r.Action == Canceled {
		if n.Ended == nil {
			n.Ended = map[ledger.State]int{}
		}
		n.Ended[r.State]++
	}
	if r.Action == Duplicate && r.Duplicate != nil {
		n.addOther(*r.Duplicate)
	}
}

func (n *Counts) addOther(other tasks.Duplicate) {
	if !slices.ContainsFunc(n.Others, func(known tasks.Duplicate) bool {
		return known.Batch == other.Batch && known.BatchDeleted == other.BatchDeleted
	}) {
		n.Others = append(n.Others, other)
	}
}

// place returns the row's counter.
func (n *Counts) place(r Row) *int {
	switch r.Concern.Kind {
	case WouldAdopt:
		return &n.Adopt
	case WouldFail:
		return &n.Fail
	default:
	}
	switch r.Action {
	case Create:
		return &n.Create
	case Requeue:
		return &n.Requeue
	case Running:
		return &n.Running
	case Failed:
		return &n.Failed
	case Canceled:
		return &n.Canceled
	case Deleted:
		return &n.Deleted
	case Duplicate:
		return &n.Duplicates
	case Conflict:
		return &n.Conflicts
	default:
		return &n.Done
	}
}

// Rows counts all rows.
func (n *Counts) Rows() int {
	return n.Create + n.Requeue + n.Running + n.Done + n.Failed + n.Canceled + n.Deleted + n.Duplicates + n.Conflicts + n.Adopt + n.Fail
}

// Attention counts the rows that need attention.
func (n *Counts) Attention() int {
	return n.Failed + n.Canceled + n.Deleted + n.Duplicates + n.Conflicts + n.Adopt + n.Fail + n.Warnings
}
