// Package ledgertest is the conformance suite of the ledger: what holds for every Redis that
// the ledger may live in.
package ledgertest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"havip/ledger"
	"havip/lifecycle"
)

// Exercise runs the suite. Open returns a client of a Redis that is empty and used by nobody
// else; it is called once for each test.
func Exercise(t *testing.T, open func(t *testing.T) redis.UniversalClient) {
	t.Helper()
	tests := []struct {
		name string
		run  func(t *testing.T, f *ledgerFixture)
	}{
		{"register answers new, same, repair and conflict", testRegister},
		{"compare answers as register would and writes nothing", testCompare},
		{"register is per item and keeps order over chunks", testRegisterMany},
		{"a key that comes twice in a call is compared with its first", testRegisterTwiceAtOnce},
		{"register needs no script to be known", testRegisterWithoutScripts},
		{"what is registered as whole is committed", testWhole},
		{"begin makes the intent durable and lets one attempt fly", testBegin},
		{"begin repeated with its ticket is the same attempt", testBeginRepeated},
		{"what is decided from what is known holds only while it stands", testKnown},
		{"begin after a lease takes over and knows nothing of the outcome", testTakeover},
		{"a step of the clock ends no lease", testLeaseIsWatched},
		{"a lease holds whatever the next caller's is", testLeasesDiffer},
		{"begin refuses a foreign token or request", testForeign},
		{"begin asks for a lookup when the token may be dead", testTokenAge},
		{"a token that was refused goes stale", testRefusedTokenAge},
		{"begin answers what stands", testStaleAfterTheHorizon},
		{"a doubt is as old as the refusal before it", testDoubtAfterRefusal},
		{"a token ages by BCE's clock", testTokenAgeIsBCEs},
		{"a refusal in doubt, after a clock was put back, ages the token", testRefusalOfUnknownOutcomeAfterAClockWasPutBack},
		{"sends that do not arrive keep no token alive", testTokenAgeDoesNotSlide},
		{"begin ends retries at the horizon", testHorizon},
		{"the horizon is of failures that go on", testHorizonBeginsAnew},
		{"a clock put back holds no item for ever", testClockPutBack},
		{"a token of the future may be dead", testTokenAgeAfterAClockWasPutBack},
		{"the outcome of a request that redis forgot counts", testLostIntent},
		{"tickets tell requests of one number apart", testTicketsTellRequestsApart},
		{"a proof of an earlier token tells of the present one's doubt", testProofOfAnEarlierToken},
		{"the log keeps the first requests and the last", testLogIsBounded},
		{"concurrent begins let exactly one through", testConcurrentBegin},
		{"record is applied once", testRecordOnce},
		{"record counts attempts and not waits", testCounting},
		{"an attempt counts once", testCountedOnce},
		{"refusals alike are counted", testRefusals},
		{"a late proof is accepted, a late anything else is only logged", testLate},
		{"what is heard again changes nothing", testHeardAgain},
		{"a second haVipId is never written over the first", testExtra},
		{"nothing leaves a terminal state without a proof", testTerminal},
		{"what is due is unconfirmed", testDueIsUnconfirmed},
		{"what BCE answered to have created is confirmed, adopted or given up", testConfirm},
		{"settle ends what no request decides", testSettle},
		{"a grown batch is not complete before its producer is through", testGrownBatch},
		{"a batch completes once it is committed and empty of work", testCompletion},
		{"counters agree with the items", testCounters},
		{"events tell the story in order", testEvents},
		{"a page of events tells whether some before it were forgotten", testEventPage},
		{"batches are listed newest first", testBatches},
		{"active batches are those that may have work left", testActive},
		{"a batch that is registered into again is listed anew, whatever the clock says", testActiveAgain},
		{"stale items are those that have not moved", testStale},
		{"an item long idle is looked for first", testIdle},
		{"what an idle item turns out to have is adopted", testAdoptIdle},
		{"what must be looked for is not sent", testLookupFirst},
		{"a HaVIP that exists is adopted only while in doubt", testAdopt},
		{"a proven item gets its next token", testRenew},
		{"a lookup is of its moment", testLookupIsOfItsMoment},
		{"a doubt about an earlier token is looked into", testDoubtAboutAnEarlierToken},
		{"a HaVIP belongs to one item", testClaims},
		{"a HaVIP of a deleted batch is taken over once", testTakeHaVIPs},
		{"a ledger of another version is left alone", testSchema},
		{"a user's token belongs to one item", testTokens},
		{"a claim of a token is not given back", testTokensAreNotGivenBack},
		{"a request has one owner until it is replaced", testRequests},
		{"a damaged item hides no other from a reader", testItemsBesideDamaged},
		{"a command changes every item but the damaged ones", testCommandBesideDamaged},
		{"a damaged entry of the request log hides no other", testAttemptsBesideDamaged},
		{"a damaged batch hides no other", testBatchesBesideDamaged},
		{"a damaged act or event hides no other", testEventsBesideDamaged},
		{"the roll lists who is alive", testBeats},
		{"a worker's description lives as long as the worker", testWorkerInfos},
		{"a silent worker is found dead once, and for ever", testDead},
		{"a worker that beats late is alive until it is found dead", testLateBeat},
		{"a number of beats that cannot be read stops nobody", testUnreadableBeats},
		{"the dead are listed until nothing of them is left", testBury},
		{"a worker leaves, and what it holds is left to others", testLeave},
		{"only the living note what they hold", testHold},
		{"release ends a dead worker's attempt with its request", testRelease},
		{"release leaves alone what needs nothing", testReleaseNothing},
		{"release lets an item go on that was not being sent", testReleaseUnsent},
		{"a rejected item is tried again under its next token", testRetryRejected},
		{"a canceled item is tried again", testRetryCanceled},
		{"what is not proven absent is looked for before it is tried again", testRetryLooksFirst},
		{"retry leaves alone what is under way or done", testRetryLeavesAlone},
		{"retry does what it is said to do", testRetryWays},
		{"of concurrent retries one is applied", testConcurrentRetry},
		{"what is neither in flight nor in doubt is canceled at once", testCancelAtOnce},
		{"a request in flight decides what cancel comes to", testCancelInFlight},
		{"what is in doubt is looked for before it is canceled", testCancelUnknownOutcome},
		{"cancel of an item rejected in doubt is over", testCancelRejectedWithUnknownOutcome},
		{"cancel of an interrupted item waits for a lookup", testCancelInterrupted},
		{"cancel does what it is said to do", testCancelWays},
		{"no item is both canceled and sent", testConcurrentCancel},
		{"what the batch created is deleted, and nothing else", testRollback},
		{"a deletion that is refused leaves the item as it was", testRollbackRefused},
		{"an interrupted deletion is in doubt", testRollbackInterrupted},
		{"release ends a dead worker's deletion with its request", testReleaseDeletion},
		{"the log of deletions is bounded", testDeletionLog},
		{"a batch that has ended is forgotten", testForget},
		{"a batch that is registered while it is forgotten is listed", testRegisterWhileForgetting},
		{"items of a forgotten batch begin after its clientTokens", testRegisterAfterForget},
		{"a task of a forgotten batch registers nothing", testLeftoverTask},
		{"repeated scripts of persons change nothing more", testRepeatedScripts},
		{"acts stay when events are forgotten", testActs},
		{"one failure too many holds the batch", testFailuresHold},
		{"a limit is a number or a percentage of the whole", testFailureLimits},
		{"a new batch has its limit from the first item on", testLimitOfANewBatch},
		{"resumed, the count of failures begins anew", testCountBeginsAnew},
		{"a paused batch is held until it is resumed", testPauseBatch},
		{"a held batch completes when nothing is left", testPausedBatchCompletes},
		{"repeated acts on the line are one", testLineTwice},
		{"of a held batch only what is in doubt moves", testMoving},
		{"of concurrent failures none is begun after the last", testConcurrentFailures},
		{"the oldest unknown outcome is known", testOldestUnknown},
		{"a completion owes a notice of how the batch stood", testNoticeOwed},
		{"a batch that is done owes its notice to whoever asks", testNoticeOfTheDone},
		{"a notice is owed until it is delivered", testNoticeOutcomes},
		{"a notice that was given up is kept for people", testNoticeGivenUp},
		{"what was told to one URL is still owed to another", testNoticeToAnother},
		{"a batch owes a bounded number of notices", testNoticesAreBounded},
		{"batches that owe notices are found", testOwing},
		{"unknown names are told apart from trouble", testNotFound},
		{"text survives unchanged", testText},
		{"without a clock of its own it takes redis's", testRedisClock},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, newFixture(open(t)))
		})
	}
}

// ledgerFixture is a ledger on a clock that tests move.
type ledgerFixture struct {
	*ledger.Ledger
	rdb redis.UniversalClient
	mu  sync.Mutex
	now time.Time
}

const batch = "net-2026"

var source = ledger.Source{File: "havips.csv", By: "li@host", Plan: "5f2a"}

func newFixture(rdb redis.UniversalClient) *ledgerFixture {
	f := &ledgerFixture{rdb: rdb, now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	f.Ledger = ledger.New(rdb, ledger.WithClock(f.clock))
	return f
}

func (f *ledgerFixture) clock() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *ledgerFixture) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.now = f.now.Add(d)
}

func spec(key string) ledger.Spec {
	return ledger.Spec{
		Key: key, Fingerprint: "fp-" + key, ClientToken: "token-" + key, Line: 2,
		Account: "default", Region: "bj", Body: `{"name":"` + key + `"}`,
	}
}

func (f *ledgerFixture) register(t *testing.T, keys ...string) []lifecycle.Registered {
	t.Helper()
	specs := make([]ledger.Spec, len(keys))
	for i, key := range keys {
		specs[i] = spec(key)
	}
	answers, err := f.Register(t.Context(), batch, source, specs)
	if err != nil {
		t.Fatal(err)
	}
	return results(answers)
}

func results(answers []ledger.Registration) []lifecycle.Registered {
	vs := make([]lifecycle.Registered, len(answers))
	for i, answer := range answers {
		vs[i] = answer.Result
	}
	return vs
}

// lease is how long an attempt of tests may take.
const lease = 30 * time.Second

// over are the terms of an attempt by a worker that has watched another for its lease.
func over(o ledger.BeginOptions, ticket string) ledger.BeginOptions {
	o.Watched = ledger.Watched{Ticket: ticket, For: lease}
	return o
}

// terms of an attempt that tests vary.
func terms(ticket string) ledger.BeginOptions {
	return ledger.BeginOptions{
		Worker: "w1", Ticket: ticket, Lease: lease, Request: call,
		TokenMaxAge: 20 * time.Hour, RetryHorizon: 40 * time.Hour,
	}
}

func (f *ledgerFixture) begin(t *testing.T, key string, o ledger.BeginOptions, want lifecycle.Start) ledger.Start {
	t.Helper()
	start, err := f.Begin(t.Context(), batch, key, ledger.Known{}, o)
	if err != nil {
		t.Fatal(err)
	}
	if start.Result != want {
		t.Fatalf("begin %s: result %s, want %s", key, start.Result, want)
	}
	return start
}

// record enters an outcome, and confirms what was created.
func (f *ledgerFixture) record(t *testing.T, key string, n int, o ledger.Outcome, want lifecycle.Recorded) ledger.Record {
	t.Helper()
	rec := f.recordOnly(t, key, n, o, want)
	if !rec.Unconfirmed() {
		return rec
	}
	return f.look(t, key, rec.HaVIPID, &ledger.ListedHaVIP{At: time.Now(), Address: createdOutcome.PrivateIPAddress}, lifecycle.ConfirmationOwn).Record
}

func (f *ledgerFixture) recordOnly(t *testing.T, key string, n int, o ledger.Outcome, want lifecycle.Recorded) ledger.Record {
	t.Helper()
	result, rec, err := f.Record(t.Context(), batch, key, ledger.Known{}, n, o)
	if err != nil {
		t.Fatal(err)
	}
	if result != want {
		t.Fatalf("record %s #%d: result %s, want %s", key, n, result, want)
	}
	return rec
}

func (f *ledgerFixture) item(t *testing.T, key string) ledger.Item {
	t.Helper()
	item, err := f.Item(t.Context(), batch, key)
	if err != nil {
		t.Fatal(err)
	}
	return item
}

func (f *ledgerFixture) batch(t *testing.T) ledger.Batch {
	t.Helper()
	got, err := f.Batch(t.Context(), batch)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

var (
	createdOutcome = ledger.Outcome{
		State: ledger.Created, Class: "created", Counted: true, Status: 200,
		RequestID: "r-1", DurationMS: 12, HaVIPID: "havip-1", PrivateIPAddress: "10.0.0.9",
	}
	unknownOutcome = ledger.Outcome{
		State: ledger.Unknown, Class: "unknown", Counted: true, Unknown: true, Status: 500, Code: "InternalError",
	}
	rejectedOutcome = ledger.Outcome{
		State: ledger.Rejected, Class: "rejected", Counted: true, Status: 400, Code: "PrivateIpInUseException", Message: "in use",
	}
	throttledOutcome = ledger.Outcome{State: ledger.Waiting, Class: "throttled", Status: 429, Code: "RateLimit"}
)

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func manyKeys(n int) []string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("vip-%04d", i)
	}
	return keys
}
