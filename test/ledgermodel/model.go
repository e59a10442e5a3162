package ledgermodel

import (
	"time"

	"havip/ledger"
)

// Model answers as a [ledger.Ledger] over an empty Redis does. Its methods are those of the ledger;
// what each means is written there.
type Model struct {
	clock   func() time.Time
	batches map[string]*batch
	// past is, of each batch that was forgotten, the generation that its items may have come to.
	past map[string]int
	// completions are those of batches that were forgotten.
	completions map[string]int64
}

// New returns a model that knows no batch yet.
func New(clock func() time.Time) *Model {
	return &Model{clock: clock, batches: map[string]*batch{}, past: map[string]int{}, completions: map[string]int64{}}
}

func (m *Model) now() ledger.Millis { return millisOf(m.clock()) }

// item is nil when nobody registered it.
func (m *Model) item(name, key string) *item {
	b, found := m.batches[name]
	if !found {
		return nil
	}
	return b.item(key)
}

// decide makes a transition of an item, if it is there.
func (m *Model) decide(name, key string, transition func(i *item, now ledger.Millis) ledger.Verdict) (ledger.Verdict, ledger.Record) {
	i := m.item(name, key)
	if i == nil {
		return ledger.Absent, ledger.Record{}
	}
	verdict := transition(i, m.now())
	return verdict, i.record()
}

func millisOf(t time.Time) ledger.Millis { return ledger.Millis(t.UnixMilli()) }

func span(d time.Duration) ledger.Millis { return ledger.Millis(d.Milliseconds()) }
