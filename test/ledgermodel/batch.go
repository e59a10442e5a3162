package ledgermodel

import "havip/ledger"

// batch is what its producers did, its items, and the story of both.
type batch struct {
	name   string
	source ledger.Source
	// items are in the order in which they were registered.
	items  []*item
	events []ledger.Event

	// created is when the batch was first registered into, registered when it last was.
	created, registered  ledger.Millis
	committed, completed ledger.Millis

	hold *ledger.Hold
	// completions is how often it completed, told the URL that hears of it, owed and gaveUp what it did
	// not hear.
	completions int64
	told        string
	owed        []ledger.Notice
	gaveUp      *ledger.Notice
	// past is that of its items.
	past int
}

func (b *batch) item(key string) *item {
	for _, i := range b.items {
		if i.spec.Key == key {
			return i
		}
	}
	return nil
}

func (b *batch) tell(now ledger.Millis, kind, key, detail string) {
	b.events = append(b.events, ledger.Event{Kind: kind, Key: key, At: now, Detail: detail})
}

// commit is by a producer that has put in everything.
func (b *batch) commit(now ledger.Millis) {
	if b.committed == 0 {
		b.committed = now
		b.tell(now, "committed", "", "")
		b.judge(now)
	}
	b.completeOnceDone(now)
}

// reopen is for items that were added: unless they are all that there is, the batch is not whole until a
// producer says so again.
func (b *batch) reopen(whole bool) {
	b.completed = 0
	if !whole {
		b.committed = 0
	}
}

// reopened is for a finished item that goes on.
func (b *batch) reopened(now ledger.Millis) { b.completed, b.registered = 0, now }

func (b *batch) completeOnceDone(now ledger.Millis) {
	if b.committed == 0 || b.completed != 0 || len(b.open()) > 0 {
		return
	}
	b.completed = now
	b.completions++
	b.tell(now, "completed", "", "")
	b.owe()
}

func (b *batch) open() []*item {
	var open []*item
	for _, i := range b.items {
		if !i.state.Terminal() || i.askAt != 0 {
			open = append(open, i)
		}
	}
	return open
}

// facts are counted afresh from the items.
func (b *batch) facts() ledger.Batch {
	facts := ledger.Batch{
		Name: b.name, Source: b.source, Past: b.past,
		CreatedAt: b.created, CommittedAt: b.committed, CompletedAt: b.completed,
		Counts:      map[ledger.State]int64{},
		Completions: b.completions, OnComplete: b.told, Owed: cloneOwed(b.owed), GaveUp: b.gaveUp,
	}
	if b.hold != nil {
		hold := *b.hold
		facts.Hold = &hold
	}
	for _, i := range b.items {
		facts.Total++
		facts.Counts[i.state]++
		if i.askAt != 0 {
			facts.Unconfirmed++
		}
		if i.forgiven {
			facts.Forgiven++
		}
	}
	return facts
}
