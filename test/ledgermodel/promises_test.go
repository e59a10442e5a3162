package ledgermodel_test

import (
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"havip/ledger"
	"havip/lifecycle"
)

// promises are what the project rests on, held against the ledger's answers alone: nothing here knows
// the model. They keep accounts of their own.
type promises struct {
	accounts map[ledger.Owner]*account
	// used are the tokens that were ever sent of items that are forgotten.
	used  map[string]bool
	lines map[string]*line
}

// step is a call with what it changed.
type step struct {
	operation     operation
	answer        any
	before, after map[ledger.Owner]ledger.Item
	now           ledger.Millis
}

func newPromises() *promises {
	p := &promises{accounts: map[ledger.Owner]*account{}, lines: map[string]*line{}, used: map[string]bool{}}
	for _, batch := range batches {
		p.lines[batch] = &line{forgiven: map[ledger.Owner]bool{}}
	}
	return p
}

func (p *promises) keep(t *rapid.T, s step) {
	for owner := range s.before {
		if _, there := s.after[owner]; !there {
			p.mayForget(t, s, owner)
		}
	}
	for owner, item := range s.after {
		before, after := s.before[owner].Record, item.Record
		if before.State == "" { // just registered
			p.accounts[owner] = &account{tokenSince: s.now}
			continue
		}
		terminalIsLeftByProofOrRetry(t, s, owner, before, after)
		haVIPIsKept(t, s, owner, before, after)
		dryRunsTellTheTruth(t, s, owner, before, after)
		if after.ClientToken != before.ClientToken || after.Generation != before.Generation {
			p.accounts[owner].mayRenew(t, s, owner, before, after)
		}
		if after.Sends != before.Sends {
			p.accounts[owner].maySend(t, s, owner, after)
			if p.used[after.ClientToken] {
				t.Fatalf("%s was sent before its batch was forgotten", after.ClientToken)
			}
		}
		deletedOnProof(t, s, owner, before, after)
		p.accounts[owner].note(s, owner, before, after)
		if after.State == ledger.Canceled && before.State != after.State {
			p.accounts[owner].mayCancel(t, s, after)
		}
	}
}

// What has ended stays as it ended, unless a HaVIP turns out to exist, or somebody asks for it to be
// tried again that has none.
func terminalIsLeftByProofOrRetry(t *rapid.T, s step, owner ledger.Owner, before, after ledger.Record) {
	switch {
	case !before.State.Terminal() || after.State == before.State:
	case after.State == ledger.Created && proofFor(s, owner) != "":
	case retrialOf(s, owner) != nil && before.HaVIPID == "":
	case before.Unconfirmed() && (after.State == ledger.Adopted || after.State == ledger.Queued) && confirmationOf(s, owner) != "":
	case before.State == ledger.Created && !before.Unconfirmed() && after.State == ledger.Deleting && isRollbackOf(s, owner):
	case before.State == ledger.Created && after.State == ledger.Deleted && removalOf(s, owner) == ledger.Deleted:
	default:
		t.Fatalf("%s became %s", before.State, after.State)
	}
}

// A proof is never lost, and the HaVIP that an item has stays its only one.
func haVIPIsKept(t *rapid.T, s step, owner ledger.Owner, before, after ledger.Record) {
	want := before.HaVIPID
	if confirmationOf(s, owner) == lifecycle.ConfirmationRenewed {
		want = ""
	} else if want == "" {
		want = proofFor(s, owner)
	}
	if after.HaVIPID != want {
		t.Fatalf("haVipId is %q, want %q", after.HaVIPID, want)
	}
	if want != "" && !after.State.Succeeded() && after.State != ledger.Deleting && after.State != ledger.Deleted {
		t.Fatalf("%s is there, and the item is %s", want, after.State)
	}
}

// mayForget: only a batch that has ended is forgotten, and only when somebody asks.
func (p *promises) mayForget(t *rapid.T, s step, owner ledger.Owner) {
	o, is := s.operation.(forget)
	if state := s.before[owner].Record.State; !is || o.batch != owner.Batch || !state.Terminal() {
		t.Fatalf("%s, %s, was forgotten", owner, state)
	}
	for _, r := range p.accounts[owner].requests {
		p.used[r.token] = true
	}
}

// A HaVIP counts as deleted when BCE says so of a try that was begun for a person's wish, and only what
// the item itself created is ever tried.
func deletedOnProof(t *rapid.T, s step, owner ledger.Owner, before, after ledger.Record) {
	if after.State == ledger.Deleted && before.State != ledger.Deleted && removalOf(s, owner) != ledger.Deleted {
		t.Fatalf("%s became deleted without a proof", before.State)
	}
	if after.Deletes > before.Deletes && before.State != ledger.Deleting {
		t.Fatalf("a %s item's HaVIP was tried to be deleted", before.State)
	}
	if after.State == ledger.Deleting && before.State != ledger.Deleting && before.State != ledger.Created {
		t.Fatalf("a %s item is to be deleted", before.State)
	}
}

// confirmationOf is what this call's look at the item's HaVIP came to, or "".
func confirmationOf(s step, owner ledger.Owner) lifecycle.Confirmation {
	if o, is := s.operation.(confirm); is && o.item == owner {
		return s.answer.(lifecycle.Confirmation)
	}
	return ""
}

func isRollbackOf(s step, owner ledger.Owner) bool {
	o, is := s.operation.(rollback)
	return is && o.names(owner)
}

// removalOf is where this call's outcome of a try to delete takes the item, or "".
func removalOf(s step, owner ledger.Owner) ledger.State {
	if o, is := s.operation.(endDeletion); is && o.item == owner && s.answer.(decision).Verdict != ledger.Gone {
		return o.outcome.State
	}
	return ""
}

// mayRenew: a token is only given up on a proof of this very moment, or when nothing is in doubt and
// somebody asks for what had ended to be tried again.
func (a *account) mayRenew(t *rapid.T, s step, owner ledger.Owner, before, after ledger.Record) {
	next, saw := "", seen{}
	switch o := s.operation.(type) {
	case renew:
		if o.item == owner {
			next, saw = o.next, o.seen
		}
	case confirm:
		if confirmationOf(s, owner) == lifecycle.ConfirmationRenewed {
			next, saw = o.look.Next, seen{token: before.ClientToken, sends: before.Sends}
		}
	case retry:
		if r := retrialOf(s, owner); r != nil && before.State.Terminal() && !a.inDoubt(before.ClientToken) {
			next, saw = r.Next, seen{token: r.Seen.Record.ClientToken, sends: r.Seen.Record.Sends}
		}
	}
	if after.ClientToken != next || after.Generation != before.Generation+1 ||
		saw.token != before.ClientToken || saw.sends != before.Sends || before.State == ledger.Sending {
		t.Fatalf("a %s item with %d sends of %s came to have %s, by a proof about %d sends of %s",
			before.State, before.Sends, before.ClientToken, after.ClientToken, saw.sends, saw.token)
	}
}

// mayCancel: an item is canceled when it is certain that nothing was created; by a lookup, or because
// nothing is in doubt. Whoever settles it answers for that.
func (a *account) mayCancel(t *rapid.T, s step, after ledger.Record) {
	switch s.operation.(type) {
	case settle, renew:
	default:
		if a.inDoubt(after.ClientToken) {
			t.Fatal("canceled while a request is in doubt")
		}
	}
}

// maySend judges a request that the ledger has just let through.
func (a *account) maySend(t *rapid.T, s step, owner ledger.Owner, after ledger.Record) {
	o, is := s.operation.(begin)
	if !is || o.item != owner || s.answer.(ledger.Start).Verdict != ledger.Begun || after.Sends != len(a.requests)+1 {
		t.Fatalf("send %d was not begun", after.Sends)
	}
	a.watch(o.options.Watched)
	if a.underWay() {
		t.Fatalf("send %d while another is under way", after.Sends)
	}
	if a.unwanted {
		t.Fatalf("send %d of an item that nobody wants", after.Sends)
	}
	if a.lookBefore == after.ClientToken {
		t.Fatalf("send %d before the HaVIP was looked for", after.Sends)
	}
	age, idle := a.age(after.ClientToken, s.now, o.options.ClockOffset), a.idle(s.now)
	if limit := o.options.TokenMaxAge; limit > 0 && (age > limit || idle > limit && !o.options.LookedUp) {
		t.Fatalf("send %d under a token that is %s old, %s after anything was heard", after.Sends, age, idle)
	}
}

// What a dry run tells is what is done.
func dryRunsTellTheTruth(t *rapid.T, s step, owner ledger.Owner, before, after ledger.Record) {
	if r := retrialOf(s, owner); r != nil && r.Seen.Record.ClientToken == before.ClientToken && r.Seen.Record.Sends == before.Sends {
		done := lifecycle.RetryNone
		switch goesOn := before.State.Terminal() && !after.State.Terminal(); {
		case goesOn && after.Lookup:
			done = lifecycle.RetryLookUpFirst
		case goesOn && after.ClientToken != before.ClientToken:
			done = lifecycle.RetryNewToken
		case goesOn:
			done = lifecycle.RetryRestart
		case !before.State.Terminal() && before.State != ledger.Sending && before.Cancel == nil:
			done = lifecycle.RetryRunNow
		}
		if told, why := before.RetryAction(); told != done {
			t.Fatalf("retry of a %s item: told %s %s, done %s", before.State, told, why, done)
		}
	}
	if o, is := s.operation.(cancel); is && o.names(owner) {
		done := lifecycle.CancelNone
		switch {
		case after.State != before.State:
			done = lifecycle.CancelNow
		case after.Cancel != nil && before.Cancel == nil:
			done = lifecycle.CancelLater
		}
		if told, why := before.CancelAction(); told != done {
			t.Fatalf("cancel of a %s item: told %s %s, done %s", before.State, told, why, done)
		}
	}
	if o, is := s.operation.(rollback); is && o.names(owner) && o.saw(owner) == before.HaVIPID {
		told, why := before.RollbackAction()
		if done := after.State != before.State; done != (told == lifecycle.RollbackDelete) {
			t.Fatalf("rollback of a %s item: told %s %s, done %v", before.State, told, why, done)
		}
	}
}

// everySendIsLogged with what was first heard of it.
func (p *promises) everySendIsLogged(t *rapid.T, owner ledger.Owner, log []ledger.Attempt) {
	log = slices.DeleteFunc(log, func(a ledger.Attempt) bool { return a.Op != "" })
	requests := p.accounts[owner].requests
	if len(log) != len(requests) {
		t.Fatalf("the log of %s has %d requests of %d", owner, len(log), len(requests))
	}
	for i, r := range requests {
		entry := log[i]
		if entry.Number != i+1 || entry.At != r.at || entry.Worker != r.worker {
			t.Fatalf("request %d of %s, sent at %d by %s, is logged as %+v", i+1, owner, r.at, r.worker, entry)
		}
		switch {
		case r.outcome != nil && (entry.Class != r.outcome.Class || entry.HaVIPID != r.outcome.HaVIPID || entry.Code != r.outcome.Code):
			t.Fatalf("request %d of %s had the outcome %+v, and is logged as %+v", i+1, owner, *r.outcome, entry)
		case r.outcome == nil && entry.Class != "sending" && entry.Class != "interrupted":
			t.Fatalf("nothing was heard of request %d of %s, and it is logged as %+v", i+1, owner, entry)
		}
	}
}

// Counters are what a count of the items gives.
func countersAgree(t *rapid.T, items []ledger.Item, batch ledger.Batch) {
	counts := map[ledger.State]int64{}
	unconfirmed := int64(0)
	for _, item := range items {
		counts[item.Record.State]++
		if item.Record.Unconfirmed() {
			unconfirmed++
		}
	}
	if batch.Total != int64(len(items)) || batch.Unconfirmed != unconfirmed || !maps.Equal(batch.Counts, counts) {
		t.Fatalf("%d items, %d unconfirmed, in states %v; the counters say %+v", len(items), unconfirmed, counts, batch)
	}
}

// What is owed is owed to somebody, once for each completion, and each of those has its number.
func noticesAreOfCompletions(t *rapid.T, batch ledger.Batch) {
	last := int64(0)
	for _, n := range batch.Owed {
		if batch.OnComplete == "" || n.Completion <= last || n.Completion > batch.Completions || n.Total == 0 {
			t.Fatalf("a notice that cannot be owed: %+v of %+v", n, batch)
		}
		last = n.Completion
	}
	if batch.CompletedAt != 0 && batch.Completions == 0 {
		t.Fatalf("a completion without a number: %+v", batch)
	}
}

// proofFor is the haVipId that this call says to be the item's, or "".
func proofFor(s step, owner ledger.Owner) string {
	switch o := s.operation.(type) {
	case record:
		if o.item == owner && s.answer.(decision).Verdict != ledger.Gone {
			return o.outcome.HaVIPID
		}
	case adopt:
		if o.item == owner && s.answer.(decision).Verdict == ledger.Applied {
			return o.id
		}
	}
	return ""
}

// retrialOf is what this call asks for the item, if it asks for it to be tried again.
func retrialOf(s step, owner ledger.Owner) *ledger.Retrial {
	o, is := s.operation.(retry)
	if !is || o.batch != owner.Batch {
		return nil
	}
	for i := range o.retrials {
		if o.retrials[i].Seen.Key == owner.Key {
			return &o.retrials[i]
		}
	}
	return nil
}

func milliseconds(m ledger.Millis) time.Duration { return time.Duration(m) * time.Millisecond }
