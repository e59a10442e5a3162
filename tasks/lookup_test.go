package tasks

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hibiken/asynq"

	"havip/bce"
	"havip/bce/bcesim"
	"havip/ledger"
	"havip/lifecycle"
)

// outlive lets an item's token die, here and at BCE.
func (f *handlerFixture) outlive() {
	f.clock.pass(25 * time.Hour)
	f.sim.Advance(25 * time.Hour)
	f.api.SetClockOffset(0)
}

// forget drops the last listing.
func (f *Finder) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = nil
}

func (f *handlerFixture) noFaults() {
	f.Helper()
	if err := f.sim.SetFaults(bcesim.Faults{}); err != nil {
		f.Fatal(err)
	}
}

// The answer of the create was lost, and the token died: what exists is adopted.
func TestLookupAdopts(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:commit-500")
	fixed, auto := f.put(testItem("fixed", "10.1.2.3")), f.put(testItem("auto", ""))
	f.postponed(fixed)
	f.postponed(auto)
	f.outlive()
	f.done(fixed)
	f.done(auto)
	for i, key := range []string{"fixed", "auto"} {
		rec := f.expect(key, facts{ledger.Adopted, ClassUnknown, "", 1, 1})
		if exists := f.live()[i]; rec.HaVIPID != exists.HaVIPID || rec.PrivateIPAddress != exists.PrivateIP {
			t.Errorf("%s: adopted %s %s, exists %+v", key, rec.HaVIPID, rec.PrivateIPAddress, exists)
		}
	}
	if got := len(f.sim.CallsOf("create")); got != 2 {
		t.Errorf("%d creates, want 2", got)
	}
}

// The request was lost, and the token died: absence is the proof that lets the item go on under
// its next token, although its task still carries the first one.
func TestLookupRenews(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:error-500=#1")
	task := f.put(testItem("a", "10.1.2.3"))
	f.postponed(task)
	f.outlive()
	f.api.SetClockOffset(25 * time.Hour)
	f.concluded(task)
	rec := f.expect("a", facts{ledger.Created, ClassCreated, "", 2, 2})
	if rec.Generation != 2 || rec.ClientToken != ClientToken(testBatch, "a", 2) {
		t.Errorf("generation %d, token %s", rec.Generation, rec.ClientToken)
	}
	f.done(task)
	if exists := f.live(); len(exists) != 1 || exists[0].ClientToken != rec.ClientToken {
		t.Errorf("exists: %+v", exists)
	}
}

// The ledger is a backup, restored a day later: it knows nothing of the request that created the HaVIP,
// whose token is dead.
func TestLookupAfterARestore(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	item := testItem("a", "")
	task := f.put(item)
	forgotten, err := f.api.CreateHaVIPBody(t.Context(), ClientToken(testBatch, "a", 1), item.Request.Body())
	if err != nil {
		t.Fatal(err)
	}
	f.outlive()
	f.done(task)
	rec := f.expect("a", facts{ledger.Adopted, "", "", 0, 0})
	if rec.HaVIPID != forgotten.HaVIPID || len(f.live()) != 1 {
		t.Errorf("adopted %s, exists %+v", rec.HaVIPID, f.live())
	}
}

// A listing from before the restore says nothing about what the restored ledger has forgotten.
func TestLookupAfterARestoreListsAnew(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:error-500=#1")
	item := testItem("a", "")
	task := f.put(item)
	f.postponed(task)
	f.clock.pass(TokenMaxAge + time.Second)
	if _, _, err := f.handler.finder.Find(t.Context(), item.Request, time.Time{}); err != nil {
		t.Fatal(err)
	}
	f.handler.finder.last.began = time.Now().Add(-listingAge - time.Second)
	if _, err := f.api.CreateHaVIPBody(t.Context(), ClientToken(testBatch, "a", 1), item.Request.Body()); err != nil {
		t.Fatal(err)
	}
	f.done(task)
	f.expect("a", facts{ledger.Adopted, ClassUnknown, "", 1, 1})
	if got := len(f.live()); got != 1 {
		t.Errorf("%d exist", got)
	}
}

// An item has waited for days, for a lane that was suspended or a worker that was off: it is looked for,
// and then created under its first token. What is older than the item is not its own.
func TestLookupOfAnItemThatWaitedForDays(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	if _, err := f.api.CreateHaVIP(t.Context(), "console", bce.CreateHaVIPInput{Name: "a", SubnetID: "sbn-1"}); err != nil {
		t.Fatal(err)
	}
	f.clock.pass(time.Hour)
	task := f.put(testItem("a", ""))
	f.outlive()
	f.api.SetClockOffset(25 * time.Hour)
	f.done(task)
	rec := f.expect("a", facts{ledger.Created, ClassCreated, "", 1, 1})
	if rec.Generation != 1 || len(f.live()) != 2 {
		t.Errorf("generation %d, exists %+v", rec.Generation, f.live())
	}
	if got := len(f.sim.CallsOf("list")); got != 1 {
		t.Errorf("%d listings", got)
	}
}

// Several that could be what was forgotten are a person's choice.
func TestLookupAfterARestoreNeverGuesses(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	task := f.put(testItem("a", ""))
	for i := range 2 {
		if _, err := f.api.CreateHaVIP(t.Context(), fmt.Sprint("console-", i), bce.CreateHaVIPInput{Name: "a", SubnetID: "sbn-1"}); err != nil {
			t.Fatal(err)
		}
	}
	f.outlive()
	f.done(task)
	f.expect("a", facts{ledger.Review, "", "Candidates", 0, 0})
}

// A HaVIP of another item is never adopted.
func TestLookupNeverGuesses(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:error-500=#2")
	first := testItem("first", "")
	first.Request.Name = "same-name"
	second := testItem("second", "")
	second.Request.Name = "same-name"
	f.done(f.put(first))
	task := f.put(second)
	f.postponed(task)
	f.clock.pass(TokenMaxAge + time.Second)
	f.concluded(task)
	rec := f.expect("second", facts{ledger.Created, ClassCreated, "", 2, 2})
	if rec.HaVIPID == f.record("first").HaVIPID {
		t.Fatal("two items have one HaVIP")
	}
}

// Two that could be the item's own are a person's choice.
func TestLookupOfSeveralNeedsReview(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:error-500=#1")
	third := f.put(testItem("third", ""))
	f.postponed(third)
	for i := range 2 { // by hand, in BCE's console
		if _, err := f.api.CreateHaVIP(t.Context(), fmt.Sprint("console-", i), bce.CreateHaVIPInput{Name: "third", SubnetID: "sbn-1"}); err != nil {
			t.Fatal(err)
		}
	}
	f.clock.pass(TokenMaxAge + time.Second)
	f.done(third)
	f.expect("third", facts{ledger.Review, ClassUnknown, "Candidates", 1, 1})
}

// An operator says that none of several is the item's: it is looked up without them, and gets a HaVIP of its own.
func TestLookupWithoutExcluded(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:error-500=#1")
	task := f.put(testItem("a", ""))
	f.postponed(task)
	for i := range 2 {
		if _, err := f.api.CreateHaVIP(t.Context(), fmt.Sprint("console-", i), bce.CreateHaVIPInput{Name: "a", SubnetID: "sbn-1"}); err != nil {
			t.Fatal(err)
		}
	}
	others := f.live()
	f.clock.pass(TokenMaxAge + time.Second)
	f.done(task)
	rec := f.expect("a", facts{ledger.Review, ClassUnknown, "Candidates", 1, 1})
	if len(rec.Candidates) != 2 || rec.Candidates[0].Name != "a" || rec.Candidates[0].Address == "" || rec.Candidates[0].CreatedAt == 0 {
		t.Errorf("candidates %+v", rec.Candidates)
	}
	item, err := f.ledger.Item(t.Context(), testBatch, "a")
	if err != nil {
		t.Fatal(err)
	}
	if answers, err := f.ledger.Resolve(t.Context(), testBatch, "", []ledger.Item{item}); err != nil || answers[0].Result != lifecycle.CommandApplied {
		t.Fatal(answers, err)
	}
	f.concluded(task)
	rec = f.expect("a", facts{ledger.Created, ClassCreated, "", 2, 2})
	for _, other := range others {
		if other.HaVIPID == rec.HaVIPID {
			t.Errorf("%s was excluded", rec.HaVIPID)
		}
	}
}

// Redis's clock is hours ahead of BCE's: its own HaVIP seems old. That is no proof of absence.
func TestLookupUnderAWrongLedgerClock(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:commit-500=#1")
	f.clock.pass(3 * time.Hour)
	task := f.put(testItem("a", ""))
	f.postponed(task)
	f.clock.pass(TokenMaxAge + time.Second)
	f.done(task)
	f.expect("a", facts{ledger.Review, ClassUnknown, "Candidates", 1, 1})
	if got := len(f.live()); got != 1 {
		t.Errorf("%d exist", got)
	}
}

// The HaVIP was renamed by hand meanwhile: its address tells that it is there.
func TestLookupOfARenamedHaVIP(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:commit-500=#1")
	task := f.put(testItem("a", "10.1.2.3"))
	f.postponed(task)
	name := "renamed"
	if _, err := f.api.UpdateHaVIP(t.Context(), f.live()[0].HaVIPID, "", bce.UpdateHaVIPInput{Name: &name}); err != nil {
		t.Fatal(err)
	}
	f.clock.pass(TokenMaxAge + time.Second)
	f.done(task)
	f.expect("a", facts{ledger.Review, ClassUnknown, "Candidates", 1, 1})
}

// Any no after an unknown outcome may be that outcome's own doing.
func TestLookupAfterRefusalOfUnknownOutcome(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:commit-500=#1,create:answer=#2:409/NameConflict")
	task := f.put(testItem("a", ""))
	f.postponed(task)
	f.postponed(task)
	f.clock.pass(LookupGrace)
	f.done(task)
	f.expect("a", facts{ledger.Adopted, ClassMismatch, "", 2, 2})
	if got := len(f.live()); got != 1 {
		t.Errorf("%d exist", got)
	}
}

// BCE says that it is working on the first request: that is no no. The item is sent again under its token.
func TestFirstRequestInProgress(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:answer=#1:409/OperationInProgress,create:answer=#2:400/RequestIsProcessing")
	task := f.put(testItem("a", ""))
	f.postponed(task)
	f.postponed(task)
	f.done(task)
	if rec := f.expect("a", facts{ledger.Created, ClassCreated, "", 3, 3}); rec.Generation != 1 || len(f.live()) != 1 {
		t.Errorf("generation %d, exist %+v", rec.Generation, f.live())
	}
}

// An item that brought its own token goes on under a derived one, by the task it has.
func TestLookupRenewsAnOwnToken(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:error-500=#1")
	item := testItem("a", "")
	item.ClientToken = "team-token"
	task := f.put(item)
	f.postponed(task)
	f.clock.pass(TokenMaxAge + time.Second)
	f.concluded(task)
	rec := f.expect("a", facts{ledger.Created, ClassCreated, "", 2, 2})
	if rec.ClientToken != ClientToken(testBatch, "a", 2) {
		t.Errorf("token %s", rec.ClientToken)
	}
	recorded, err := f.ledger.Item(t.Context(), testBatch, "a")
	if err != nil {
		t.Fatal(err)
	}
	again, _ := TaskOf(recorded, "")
	f.done(again)
}

// A mismatch is looked into once nothing can be on its way any more; it never costs a new token.
func TestLookupAfterMismatch(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:answer=#1:403/IdempotentParameterMismatch")
	task := f.put(testItem("a", ""))
	if got := f.postponement(task).After; got != LookupGrace {
		t.Errorf("looked for after %v, want %v", got, LookupGrace)
	}
	calls := len(f.sim.Calls())
	if got := f.postponement(task).After; got <= 0 || got > LookupGrace {
		t.Errorf("came too early, and is retried after %v", got)
	}
	if len(f.sim.Calls()) != calls {
		t.Error("something was sent inside the grace")
	}
	f.clock.pass(LookupGrace)
	f.done(task)
	f.expect("a", facts{ledger.Review, ClassMismatch, "IdempotentParameterMismatch", 1, 1})
	if len(f.live()) != 0 || len(f.sim.CallsOf("create")) != 1 {
		t.Error("it was created after a mismatch")
	}
}

// The address is taken after an unknown outcome: by the item's own HaVIP, as it turns out.
func TestLookupAfterAddressInUse(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:commit-500=#1,create:answer=#2:400/PrivateIpInUseException")
	task := f.put(testItem("a", "10.1.2.3"))
	f.postponed(task)
	f.postponed(task)
	f.expect("a", facts{ledger.Unknown, ClassMismatch, "PrivateIpInUseException", 2, 2})
	f.clock.pass(LookupGrace)
	f.done(task)
	rec := f.expect("a", facts{ledger.Adopted, ClassMismatch, "", 2, 2})
	if rec.HaVIPID != f.live()[0].HaVIPID {
		t.Error("adopted another")
	}
}

// The same, but the address is somebody else's, who has had it for long: then the no is definite.
func TestLookupAfterAddressInUseByAnother(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:error-500=#2")
	if _, err := f.api.CreateHaVIP(t.Context(), "console", bce.CreateHaVIPInput{Name: "theirs", SubnetID: "sbn-1", PrivateIPAddress: "10.1.2.3"}); err != nil {
		t.Fatal(err)
	}
	f.clock.pass(2 * time.Hour)
	f.sim.Advance(2 * time.Hour)
	f.api.SetClockOffset(2 * time.Hour)
	task := f.put(testItem("a", "10.1.2.3"))
	f.postponed(task)
	f.postponed(task)
	f.clock.pass(LookupGrace)
	f.concluded(task)
	rec := f.record("a")
	if rec.State != ledger.Rejected || rec.Code != "PrivateIpInUseException" || rec.Unknown || rec.Generation != 1 {
		t.Errorf("%+v", rec)
	}
	if lasted := rec.UpdatedAt.Time().Sub(rec.FirstSentAt.Time()); lasted < DefaultConfirmWithin {
		t.Errorf("given up after %s, when BCE may still be working on the first request", lasted)
	}
}

// BCE takes long for a create, refuses repeated requests meanwhile, and lists the HaVIP only later: as long as the token is
// valid, the request is repeated under it, whatever a listing shows.
func TestValidTokenIsResentDespiteAListing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:commit-500=#1,create:answer=#2:409/Conflict,create:answer=#3:409/Conflict")
	config := f.config()
	config.API = blindAPI{f.api}
	f.handler = NewHandler(config)
	task := f.put(testItem("a", "10.1.2.3"))
	f.concluded(task)
	rec := f.expect("a", facts{ledger.Created, ClassCreated, "", 4, 4})
	if live := f.live(); rec.Generation != 1 || len(live) != 1 || live[0].HaVIPID != rec.HaVIPID {
		t.Errorf("generation %d, exist %+v", rec.Generation, live)
	}
}

// A token that may be dead is given up only when two listings, a minute apart, do not show its HaVIP; a
// listing that misses what the ledger knows to exist is none.
func TestDeadTokenNeedsTwoCompleteListings(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:commit-500=#2")
	f.done(f.put(testItem("known", "10.1.2.4")))
	config := f.config()
	config.API = blindAPI{f.api}
	f.handler = NewHandler(config)
	task := f.put(testItem("a", "10.1.2.3"))
	f.postponed(task)
	f.outlive()
	f.api.SetClockOffset(25 * time.Hour)
	for range 5 {
		f.clock.pass(f.postponement(task).After + time.Minute)
	}
	if rec := f.record("a"); rec.Generation != 1 || rec.AbsentSince != 0 {
		t.Errorf("an incomplete listing was believed: %+v", rec)
	}
	f.handler = NewHandler(f.config())
	f.done(task)
	f.expect("a", facts{ledger.Adopted, ClassUnknown, "", 1, 1})
}

// blindAPI lists nothing.
type blindAPI struct{ *bce.Client }

func (blindAPI) ListHaVIPs(context.Context, bce.ListOptions) (*bce.ListHaVIPsOutput, error) {
	return &bce.ListHaVIPsOutput{}, nil
}

// An answer with another item's haVipId is never recorded as this one's.
func TestAnswerWithAnotherItemsHaVIP(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.done(f.put(testItem("a", "10.1.2.3")))
	config := f.config()
	config.API = confusedAPI{f.api, f.record("a").HaVIPID}
	f.handler = NewHandler(config)
	f.postponed(f.put(testItem("b", "10.1.2.4")))
	rec := f.expect("b", facts{ledger.Unknown, ClassMismatch, "HaVIPOfAnotherItem", 1, 1})
	if rec.HaVIPID != "" {
		t.Errorf("recorded %s", rec.HaVIPID)
	}
}

type confusedAPI struct {
	*bce.Client
	id string
}

func (c confusedAPI) CreateHaVIPBody(context.Context, string, []byte) (*bce.CreateHaVIPOutput, error) {
	return &bce.CreateHaVIPOutput{HaVIPID: c.id, ResponseMeta: bce.ResponseMeta{StatusCode: 200}}, nil
}

// A failing listing proves nothing.
func TestLookupOfAFailingListing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:error-500=#1,list:answer:403/AccessDenied")
	task := f.put(testItem("a", ""))
	f.postponed(task)
	f.clock.pass(TokenMaxAge + time.Second)
	f.postponed(task)
	f.expect("a", facts{ledger.Unknown, ClassUnknown, "InternalError", 1, 1})
	f.noFaults()
	f.concluded(task)
	f.expect("a", facts{ledger.Created, ClassCreated, "", 2, 2})
}

// A lookup that waits for a listing does not keep its worker from stopping, and the listing ends with it.
func TestLookupEndsWhenTheWorkerStops(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:error-500=#1,list:gate-before")
	task := f.put(testItem("a", ""))
	f.postponed(task)
	f.clock.pass(TokenMaxAge + time.Second)
	go func() {
		for range time.Tick(time.Millisecond) {
			if f.sim.AtGate() > 0 {
				f.handler.Drain()
				return
			}
		}
	}()
	f.postponed(task)
	f.sim.OpenGate(0)
	f.expect("a", facts{ledger.Unknown, ClassUnknown, "InternalError", 1, 1})
	if got := len(f.sim.CallsOf("list")); got != 1 {
		t.Errorf("%d listings", got)
	}
}

// One listing serves all items of unknown outcome.
func TestLookupsShareAListing(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:commit-500=x40")
	var all []*asynq.Task
	for i := range 40 {
		all = append(all, f.put(testItem(fmt.Sprintf("vip-%d", i), "")))
		f.postponed(all[i])
	}
	f.clock.pass(TokenMaxAge + time.Second)
	var wg sync.WaitGroup
	for _, task := range all {
		wg.Go(func() {
			if err := f.handler.ProcessTask(t.Context(), task); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := len(f.sim.CallsOf("list")); got != 1 {
		t.Errorf("%d listings for 40 items", got)
	}
	for i := range all {
		if rec := f.record(fmt.Sprintf("vip-%d", i)); rec.State != ledger.Adopted {
			t.Errorf("item %d is %s", i, rec.State)
		}
	}
}

// A listing that began too early does not serve.
func TestFinderRefusesAnEarlierListing(t *testing.T) {
	t.Parallel()
	lists := &countingLister{}
	f := NewFinder(lists, nil)
	find := func(notBefore time.Time) {
		t.Helper()
		if _, _, err := f.Find(t.Context(), Request{Name: "n", SubnetID: "sbn-1"}, notBefore); err != nil {
			t.Fatal(err)
		}
	}
	find(time.Now().Add(-time.Minute))
	find(time.Now().Add(-time.Minute))
	if lists.n != 1 {
		t.Errorf("%d listings, want 1", lists.n)
	}
	find(time.Now())
	if lists.n != 2 {
		t.Errorf("%d listings, want 2", lists.n)
	}
	lists.err = errors.New("500")
	if _, _, err := f.Find(t.Context(), Request{Name: "n", SubnetID: "sbn-1"}, time.Now()); err == nil {
		t.Error("a listing that failed found nothing, which is no proof")
	}
}

// Those who waited while a listing failed do not each wait for another.
func TestFinderSharesAFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		lists := &countingLister{err: errors.New("500"), begin: make(chan struct{})}
		f := NewFinder(lists, nil)
		var finders sync.WaitGroup
		for range 20 {
			finders.Go(func() {
				if _, _, err := f.Find(t.Context(), Request{Name: "n", SubnetID: "sbn-1"}, time.Now()); err == nil {
					t.Error("no error")
				}
			})
		}
		synctest.Wait()
		<-time.After(time.Second) // of the bubble's clock: the failure comes later than the questions
		close(lists.begin)
		finders.Wait()
		if lists.n != 1 {
			t.Errorf("%d listings, want 1", lists.n)
		}
		if _, _, err := f.Find(t.Context(), Request{Name: "n", SubnetID: "sbn-1"}, time.Now()); err == nil || lists.n != 2 {
			t.Errorf("asked later: %d listings, want 2; %v", lists.n, err)
		}
	})
}

type countingLister struct {
	n   int
	err error
	// begin is waited for, if it is not nil.
	begin chan struct{}
}

func (c *countingLister) ListHaVIPs(context.Context, bce.ListOptions) (*bce.ListHaVIPsOutput, error) {
	c.n++
	if c.begin != nil {
		<-c.begin
	}
	return &bce.ListHaVIPsOutput{HaVIPs: []bce.HaVIP{{ID: "a", Name: "n", SubnetID: "sbn-1"}}}, c.err
}

// BCE remembers refusals for a token: the item gets its HaVIP all the same, under its next one.
func TestSuspectTokenIsRenewed(t *testing.T) {
	t.Parallel()
	for refusal, refusals := range map[string]int{
		"403/AccessDenied":               3,
		"403/NeverSeenBefore":            3,
		"400/SubnetHasNoMoreIpException": 3,
		"429/NeverSeenBefore":            10,
	} {
		t.Run(refusal, func(t *testing.T) {
			t.Parallel()
			f := newFixtureLike(t, "replay-refusals", "create:fail=#1:"+refusal)
			task := f.put(testItem("a", "10.1.2.3"))
			for range refusals {
				f.postponed(task)
			}
			f.everywhere(11 * time.Minute) // a second listing does not show it either
			f.postponed(task)
			f.done(task)
			rec := f.expect("a", facts{ledger.Created, ClassCreated, "", refusals + 2, 1})
			tokens := map[string]int{}
			for _, call := range f.sim.CallsOf("create") {
				tokens[call.ClientToken]++
			}
			if rec.Generation != 2 || tokens[ClientToken(testBatch, "a", 1)] != refusals+1 || tokens[ClientToken(testBatch, "a", 2)] != 1 {
				t.Errorf("generation %d, tokens %v", rec.Generation, tokens)
			}
		})
	}
}

// The next token was refused as the first was: the refusal is no token's fault, and no more are used up.
func TestPersistentRefusalRenewsOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:answer:403/AccessDenied")
	task := f.put(testItem("a", "10.1.2.3"))
	for range 12 {
		f.postponed(task)
		f.everywhere(11 * time.Minute)
	}
	if rec := f.expect("a", facts{ledger.Waiting, ClassLaneFault, "AccessDenied", 12, 0}); rec.Generation != 2 {
		t.Errorf("generation %d, want 2", rec.Generation)
	}
}

// Redis may lose the last second before a crash. What it cannot lose is a renewal and what was sent under
// the next token, for that comes later: the earlier token would be sent again, and create another HaVIP.
func TestRenewedTokenIsNotSentAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:answer=x4:403/AccessDenied")
	config := f.config()
	config.MaxDelay = time.Millisecond
	f.handler = NewHandler(config)
	task := f.put(testItem("a", ""))
	for range 3 {
		f.postponed(task)
	}
	f.everywhere(11 * time.Minute)
	again := f.postponement(task)
	if got := f.record("a").Generation; got != 2 || again.After < renewalSettles {
		t.Errorf("generation %d is sent in %s", got, again.After)
	}
}

// The lane had used up its quota for longer than BCE keeps a token. If BCE remembers that it refused the
// token, and that the token is dead, it calls it a mismatch, by whatever name; so it is not sent again.
func TestTokenOfAnOldRefusalIsRenewed(t *testing.T) {
	t.Parallel()
	for _, personality := range []string{
		"replay-refusals,expired=new",
		"replay-refusals,expired=mismatch",
		"replay-refusals,expired=mismatch,code.IdempotentParameterMismatch=TokenUsed,status.IdempotentParameterMismatch=400",
	} {
		t.Run(personality, func(t *testing.T) {
			t.Parallel()
			f := newFixtureLike(t, personality, "create:fail=#1:400/QuotaLimitExceeded")
			task := f.put(testItem("a", "10.1.2.3"))
			f.postponed(task)
			f.sim.Advance(25 * time.Hour)
			f.api.SetClockOffset(25 * time.Hour)
			f.postponed(task)
			f.everywhere(11 * time.Minute) // a second listing does not show it either
			f.handler = NewHandler(f.config())
			f.done(task)
			rec := f.expect("a", facts{ledger.Created, ClassCreated, "", 2, 1})
			if rec.ClientToken != ClientToken(testBatch, "a", 2) {
				t.Errorf("token %s", rec.ClientToken)
			}
		})
	}
}

func TestListingAge(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name                            string
		sinceSettled, sinceChange, want time.Duration
	}{
		{"settled long ago", time.Hour, time.Hour, listingAge},
		{"settled a moment ago", time.Second, time.Hour, time.Second},
		{"changed a moment ago", time.Hour, 2 * time.Second, 2 * time.Second},
		// The lookup would wait for a listing that begins in an hour.
		{"changed in an hour, by a clock that was put back", time.Hour, -time.Hour, 0},
	} {
		if got := maxListingAge(test.sinceSettled, test.sinceChange); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

// A token under which something may exist is never given up for a refusal.
func TestUnknownOutcomeBlocksRenewalForRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:commit-500=#1,create:answer=x9:403/AccessDenied")
	task := f.put(testItem("a", "10.1.2.3"))
	for range 8 {
		f.postponed(task)
	}
	if rec := f.record("a"); rec.Generation != 1 || !rec.Unknown {
		t.Errorf("record %+v", rec)
	}
	f.noFaults()
	f.done(task)
	if got := len(f.live()); got != 1 {
		t.Errorf("%d exist", got)
	}
}

// The jump is learned, by another attempt, when this one has been begun and not yet been sent.
func TestClockCorrectedAfterBegin(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:commit-500=#1")
	task := f.put(testItem("a", ""))
	f.postponed(task)
	f.sim.Advance(25 * time.Hour)
	config := f.config()
	config.API = hookedAPI{f.api, func() { f.api.SetClockOffset(25 * time.Hour) }}
	f.handler = NewHandler(config)
	f.postponed(task)
	f.clock.pass(LookupGrace)
	f.done(task)
	f.expect("a", facts{ledger.Adopted, ClassLaneFault, "", 2, 1})
	if got := len(f.live()); got != 1 {
		t.Errorf("%d exist", got)
	}
}

// BCE's clock jumps by a day while an outcome is unknown: by that clock the token is dead, although
// it was sent a moment ago. What exists is looked up before it is sent again.
func TestBCEClockJumpsWhileOutcomeUnknown(t *testing.T) {
	t.Parallel()
	for _, jump := range []time.Duration{24 * time.Hour, 25 * time.Hour} {
		for fault, want := range map[string]facts{
			"create:commit-500=#1": {ledger.Adopted, ClassLaneFault, "", 2, 1},
			"create:error-500=#1":  {ledger.Created, ClassCreated, "", 3, 2},
		} {
			t.Run(fmt.Sprint(jump, " ", fault), func(t *testing.T) {
				t.Parallel()
				f := newFixture(t, fault)
				task := f.put(testItem("a", ""))
				f.postponed(task)
				f.sim.Advance(jump)
				f.postponed(task)
				f.clock.pass(LookupGrace)
				f.concluded(task)
				f.expect("a", want)
				if got := len(f.live()); got != 1 {
					t.Errorf("%d exist", got)
				}
			})
		}
	}
}

// After Redis lost that send 1 was begun, another worker begins a send of the same number. What the first
// one proves must not be lost to the second's answer: a doubt is a doubt.
func TestTwoSendsOfOneNumber(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "")
	f.put(testItem("a", ""))
	begin := func(worker string) {
		o := ledger.BeginOptions{Worker: worker, Ticket: worker, Lease: attemptLease, TokenMaxAge: TokenMaxAge}
		if start, err := f.ledger.Begin(t.Context(), testBatch, "a", ledger.Known{}, o); err != nil || start.Result != lifecycle.StartSend {
			t.Fatal(start.Result, err)
		}
	}
	before := f.rdb.Dump(t.Context(), "havip:{b}:records").Val()
	begin("w1")
	if err := f.rdb.RestoreReplace(t.Context(), "havip:{b}:records", 0, before).Err(); err != nil {
		t.Fatal(err)
	}
	begin("w2") // also number 1
	throttled := ledger.Outcome{State: ledger.Waiting, Class: "throttled", Status: 429, Code: "RateLimit"}
	unknown := ledger.Outcome{State: ledger.Unknown, Class: "unknown", Counted: true, Unknown: true}
	for _, o := range []ledger.Outcome{throttled, unknown} { // w1's, then w2's
		if _, _, err := f.ledger.Record(t.Context(), testBatch, "a", ledger.Known{}, 1, o); err != nil {
			t.Fatal(err)
		}
	}
	if rec := f.record("a"); !rec.Unknown {
		t.Errorf("w2's doubt is lost: %+v", rec)
	}
}
