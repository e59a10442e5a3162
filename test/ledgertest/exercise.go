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
		{"a key that occurs twice in a call is compared with its first occurrence", testRegisterTwiceAtOnce},
		{"register works without loaded scripts", testRegisterWithoutScripts},
		{"a complete registration is committed", testWhole},
		{"begin makes the intent durable and admits one attempt", testBegin},
		{"begin repeated with its ticket is the same attempt", testBeginRepeated},
		{"a decision is committed only if the record is unchanged", testKnown},
		{"begin after an expired lease takes over with an unknown outcome", testTakeover},
		{"a step of the clock ends no lease", testLeaseIsWatched},
		{"a lease is independent of the next caller's", testLeasesDiffer},
		{"begin refuses a foreign token or request", testForeign},
		{"begin asks for a lookup when the token may be dead", testTokenAge},
		{"a refused token expires", testRefusedTokenAge},
		{"begin returns the final state", testStaleAfterTheHorizon},
		{"an unknown outcome is as old as the refusal before it", testDoubtAfterRefusal},
		{"a token ages by BCE's clock", testTokenAgeIsBCEs},
		{"a refusal after an unknown outcome ages the token, also after a clock was set back", testRefusalOfUnknownOutcomeAfterAClockWasPutBack},
		{"requests that do not arrive do not keep a token valid", testTokenAgeDoesNotSlide},
		{"begin ends retries at the horizon", testHorizon},
		{"the horizon counts consecutive failures", testHorizonBeginsAnew},
		{"a clock that was set back blocks no item forever", testClockPutBack},
		{"a token of a future time may have expired", testTokenAgeAfterAClockWasPutBack},
		{"the outcome of a request that redis lost counts", testLostIntent},
		{"tickets distinguish requests of one number", testTicketsTellRequestsApart},
		{"a proof under an earlier token resolves the unknown outcome of the current one", testProofOfAnEarlierToken},
		{"the log keeps the first and the last requests", testLogIsBounded},
		{"concurrent begins admit exactly one", testConcurrentBegin},
		{"record is applied once", testRecordOnce},
		{"record counts attempts and not waits", testCounting},
		{"an attempt counts once", testCountedOnce},
		{"equal refusals are counted", testRefusals},
		{"a late proof is accepted, any other late outcome is only logged", testLate},
		{"a repeated outcome changes nothing", testHeardAgain},
		{"a second haVipId is never written over the first", testExtra},
		{"nothing leaves a terminal state without a proof", testTerminal},
		{"items due for confirmation are unconfirmed", testDueIsUnconfirmed},
		{"a created HaVIP is confirmed, adopted or found absent", testConfirm},
		{"settle finishes items that no request decides", testSettle},
		{"an operator's choice among candidates is carried out once", testResolve},
		{"a growing batch is not complete before its producer commits", testGrownBatch},
		{"a batch completes once it is committed and has no open items", testCompletion},
		{"counters agree with the items", testCounters},
		{"events are in order", testEvents},
		{"a page of events reports whether earlier ones were trimmed", testEventPage},
		{"batches are listed newest first", testBatches},
		{"active batches are those that may have work left", testActive},
		{"a batch that is registered again is active again, whatever the clock says", testActiveAgain},
		{"stale items are those that have not changed", testStale},
		{"a search finds the items of a state, page by page", testSearch},
		{"the newest events come first", testNewestEvents},
		{"finished items are told without reading them", testFinished},
		{"an item that was idle for long is looked up first", testIdle},
		{"the HaVIP of an idle item is adopted", testAdoptIdle},
		{"an item that needs a lookup is not sent", testLookupFirst},
		{"an existing HaVIP is adopted only while the outcome is unknown", testAdopt},
		{"an item whose absence is proven gets its next token", testRenew},
		{"a lookup's result is valid only for the record that it read", testLookupIsOfItsMoment},
		{"an unknown outcome under an earlier token is looked up", testDoubtAboutAnEarlierToken},
		{"a HaVIP belongs to one item", testClaims},
		{"a HaVIP of a deleted batch is taken over once", testTakeHaVIPs},
		{"a ledger of another version is not changed", testSchema},
		{"a user's token belongs to one item", testTokens},
		{"a claim of a token is not released", testTokensAreNotGivenBack},
		{"a request has one owner until it is replaced", testRequests},
		{"a damaged item hides no other from a reader", testItemsBesideDamaged},
		{"a command changes every item but the damaged ones", testCommandBesideDamaged},
		{"a damaged entry of the request log hides no other", testAttemptsBesideDamaged},
		{"a damaged batch hides no other", testBatchesBesideDamaged},
		{"a damaged act or event hides no other", testEventsBesideDamaged},
		{"heartbeats list the live workers", testBeats},
		{"a worker's description lives as long as the worker", testWorkerInfos},
		{"a silent worker is declared dead once, and stays dead", testDead},
		{"a worker with a late heartbeat is alive until it is declared dead", testLateBeat},
		{"an unreadable heartbeat counter stops no worker", testUnreadableBeats},
		{"dead workers are listed until none of their items is left", testBury},
		{"a worker that leaves releases its claims", testLeave},
		{"only live workers record claims", testHold},
		{"release ends a dead worker's attempt with its request", testRelease},
		{"release changes no item that needs nothing", testReleaseNothing},
		{"release requeues an item that was not being sent", testReleaseUnsent},
		{"a rejected item is retried under its next token", testRetryRejected},
		{"a canceled item is retried", testRetryCanceled},
		{"an item whose absence is not proven is looked up before it is retried", testRetryLooksFirst},
		{"retry changes no item that is in flight or done", testRetryLeavesAlone},
		{"retry applies the expected action", testRetryWays},
		{"of concurrent retries one is applied", testConcurrentRetry},
		{"an item that is neither in flight nor of unknown outcome is canceled at once", testCancelAtOnce},
		{"the outcome of a request in flight decides a cancellation", testCancelInFlight},
		{"an item of unknown outcome is looked up before it is canceled", testCancelUnknownOutcome},
		{"cancel of an item that was rejected after an unknown outcome is over", testCancelRejectedWithUnknownOutcome},
		{"cancel of an interrupted item waits for a lookup", testCancelInterrupted},
		{"cancel applies the expected action", testCancelWays},
		{"no item is both canceled and sent", testConcurrentCancel},
		{"rollback deletes what the batch created, and nothing else", testRollback},
		{"a deletion that is refused leaves the item as it was", testRollbackRefused},
		{"an interrupted deletion has an unknown outcome", testRollbackInterrupted},
		{"release ends a dead worker's deletion with its request", testReleaseDeletion},
		{"the log of deletions is bounded", testDeletionLog},
		{"a finished batch is deleted", testForget},
		{"a batch that is registered while it is being deleted is listed", testRegisterWhileForgetting},
		{"items of a deleted batch restart after its clientTokens", testRegisterAfterForget},
		{"a task of a deleted batch registers nothing", testLeftoverTask},
		{"an archived batch is deleted, and its name reserved until it is released", testArchive},
		{"a batch that changed while it was archived is kept", testArchiveChanged},
		{"what is archived of a batch is all that is stored", testStored},
		{"repeated scripts of operator commands change nothing more", testRepeatedScripts},
		{"operator actions stay when events are trimmed", testActs},
		{"exceeding the failure limit pauses the batch", testFailuresHold},
		{"a limit is a number or a percentage of the whole", testFailureLimits},
		{"a new batch has its limit from the first item on", testLimitOfANewBatch},
		{"resume resets the count of failures", testCountBeginsAnew},
		{"a batch stays paused until it is resumed", testPauseBatch},
		{"a paused batch completes when nothing is left", testPausedBatchCompletes},
		{"repeated pauses and resumes count once", testLineTwice},
		{"of a paused batch, only items of unknown outcome continue", testMoving},
		{"after concurrent failures exceed the limit, no item is begun", testConcurrentFailures},
		{"the oldest unknown outcome is known", testOldestUnknown},
		{"a completion has a pending notification with the batch's counts", testPendingNotification},
		{"a URL given after completion is notified", testNoticeOfTheDone},
		{"a notification is pending until it is delivered", testNoticeOutcomes},
		{"a failed notification is kept", testNoticeGivenUp},
		{"each URL is notified of a completion", testNoticeToAnother},
		{"pending notifications are bounded", testNoticesAreBounded},
		{"batches with pending notifications are found", testOwing},
		{"unknown names are distinguished from errors", testNotFound},
		{"text survives unchanged", testText},
		{"without its own clock, it uses redis's", testRedisClock},
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
