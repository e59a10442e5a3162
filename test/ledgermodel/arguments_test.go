package ledgermodel_test

import (
	"fmt"
	"strconv"
	"time"

	"pgregory.net/rapid"

	"havip/ledger"
)

// The batches, and the keys of their items. Few, so that stories meet; alike, so that what is not kept
// apart shows.
var (
	batches = []string{"net-a", "net-b"}
	keysOf  = map[string][]string{"net-a": {"vip", "1:vip", "dns"}, "net-b": {"vip", "mail"}}
)

// The terms that a fleet works by, and the ledger's own.
const (
	tokenAge    = 20 * time.Hour
	horizon     = 10 * time.Hour
	stillTrying = time.Hour
)

// pick draws one of the choices; one that is named twice comes twice as often, and the first are
// what a failing story is cut down to.
func pick[T any](t *rapid.T, label string, choices ...T) T {
	return rapid.SampledFrom(choices).Draw(t, label)
}

// standing is the item as the ledger showed it last, or one that nobody registered.
func (w *twins) standing(owner ledger.Owner) ledger.Item {
	item := w.items[owner]
	item.Batch, item.Key = owner.Batch, owner.Key
	return item
}

func (w *twins) usualTerms(t *rapid.T, item ledger.Owner) ledger.BeginOptions {
	standing := w.items[item].Record
	w.tickets++
	return ledger.BeginOptions{
		ClientToken: standing.ClientToken, Fingerprint: standing.Fingerprint, Worker: drawWorker(t),
		Ticket: "t" + strconv.Itoa(w.tickets), Lease: 30 * time.Second, Request: 16 * time.Second, TokenMaxAge: tokenAge, RetryHorizon: horizon,
		Watched: w.drawWatched(t, item),
	}
}

// drawWatched is mostly what was begun last, for long enough or almost.
func (w *twins) drawWatched(t *rapid.T, item ledger.Owner) ledger.Watched {
	return ledger.Watched{
		Ticket: pick(t, "watched", "", w.ticketOf[item], w.ticketOf[item], "t-other"),
		For:    pick(t, "for", 30*time.Second, 30*time.Second-time.Millisecond, 10*time.Second, time.Hour),
	}
}

// drawTerms are the usual ones, or others.
func (w *twins) drawTerms(t *rapid.T, item ledger.Owner) ledger.BeginOptions {
	o := w.usualTerms(t, item)
	if pick(t, "usual", true, true, false) {
		return o
	}
	o.ClientToken = pick(t, "token", "", o.ClientToken, o.ClientToken, tokenOf(item, 1), "token-other")
	o.Fingerprint = pick(t, "meaning", "", o.Fingerprint, o.Fingerprint, "fp-other")
	o.Ticket = pick(t, "ticket", o.Ticket, o.Ticket, w.ticketOf[item])
	o.Lease = pick(t, "lease", o.Lease, time.Minute, 10*time.Second, time.Hour)
	o.Request = pick(t, "request", o.Request, 0, time.Second, time.Hour)
	o.TokenMaxAge = pick(t, "token age", o.TokenMaxAge, o.TokenMaxAge, 0)
	o.RetryHorizon = pick(t, "horizon", o.RetryHorizon, o.RetryHorizon, 0)
	o.LookedUp = pick(t, "looked up", true, false)
	o.ClockOffset = pick(t, "offset", 0, 0, time.Hour, -time.Hour, 26*time.Hour)
	return o
}

// drawOutcome is of the item's send n. What comes late is mostly what late words matter for.
func (w *twins) drawOutcome(t *rapid.T, item ledger.Owner, n int) ledger.Outcome {
	standing := w.items[item].Record
	outcome := pick(t, "outcome", outcomes...)
	switch {
	case standing.State.Terminal():
		outcome = pick(t, "belated outcome", outcome, unknown, created)
	case n < standing.Sends:
		outcome = pick(t, "late outcome", outcome, unknown, unknown, created)
	}
	outcome.Ticket = pick(t, "ticket", w.promises.accounts[item].requests[n-1].ticket, "")
	outcome.Generation = pick(t, "generation", standing.Generation, 0, 1)
	if outcome.State == ledger.Created {
		outcome.HaVIPID, outcome.PrivateIPAddress = w.drawID(t, item), drawIP(t)
	}
	return outcome
}

var (
	created = ledger.Outcome{State: ledger.Created, Class: "created", Counted: true, Status: 200, RequestID: "r-1", DurationMS: 12}
	unknown = ledger.Outcome{State: ledger.Unknown, Class: "unknown", Counted: true, Unknown: true, Message: "connection reset"}
)

// outcomes are those of package tasks; few of them end an item.
var outcomes = []ledger.Outcome{
	{State: ledger.Unknown, Class: "unknown", Counted: true, Unknown: true, Status: 500, Code: "InternalError", DurationMS: 7},
	unknown,
	{State: ledger.Unknown, Class: "mismatch", Counted: true, Unknown: true, Lookup: true, Status: 403, Code: "IdempotentParameterMismatch"},
	{State: ledger.Queued, Class: "not-sent", Counted: true, Message: "connection refused"},
	{State: ledger.Queued, Class: "not-sent", Counted: true, Message: "connection refused"},
	{State: ledger.Waiting, Class: "throttled", Status: 429, Code: "RateLimit"},
	{State: ledger.Waiting, Class: "throttled", Status: 429, Code: "RateLimit"},
	{State: ledger.Waiting, Class: "lane-fault", Status: 403, Code: "AccessDenied", RequestID: "r-2"},
	{State: ledger.Waiting, Class: "lane-fault", Status: 403, Code: "AccessDenied", RequestID: "r-3"},
	{State: ledger.Waiting, Class: "lane-fault", Message: "no credentials"},
	{State: ledger.Rejected, Class: "rejected", Counted: true, Status: 400, Code: "BadParameters", Message: "no"},
	created,
}

// drawSeen is mostly what stands.
func (w *twins) drawSeen(t *rapid.T, item ledger.Owner) seen {
	rec := w.items[item].Record
	return seen{
		token:   pick(t, "seen token", rec.ClientToken, rec.ClientToken, rec.ClientToken, tokenOf(item, 1), "token-other"),
		sends:   rec.Sends - pick(t, "sends ago", 0, 0, 0, 1),
		unknown: pick(t, "seen in doubt", rec.Unknown, rec.Unknown, true, false),
		code:    rec.Code,
		past:    pick(t, "seen past", rec.Past, rec.Past, rec.Past, 0),
	}
}

func drawItem(t *rapid.T) ledger.Owner {
	batch := pick(t, "batch", batches...)
	return ledger.Owner{Batch: batch, Key: pick(t, "key", keysOf[batch]...)}
}

func drawKeys(t *rapid.T, batch string) []string {
	all := keysOf[batch]
	return pick(t, "keys", all[:1], all[1:2], all, []string{all[1], all[0]})
}

func drawSpecs(t *rapid.T, batch string) []ledger.Spec {
	specs := specsOf(batch, drawKeys(t, batch)...)
	specs[0].Line = pick(t, "line", 2, 3)
	specs[0].Fingerprint = drawFingerprint(t, specs[0].Key)
	return specs
}

func drawFingerprint(t *rapid.T, key string) string {
	return pick(t, "fingerprint", fingerprintOf(key), fingerprintOf(key), fingerprintOf(key), "fp-other")
}

func specsOf(batch string, keys ...string) []ledger.Spec {
	specs := make([]ledger.Spec, len(keys))
	for i, key := range keys {
		specs[i] = ledger.Spec{
			Key: key, Fingerprint: fingerprintOf(key), ClientToken: tokenOf(ledger.Owner{Batch: batch, Key: key}, 1),
			Line: 2, Account: "default", Region: "bj", Body: `{"name":"` + key + `"}`,
		}
	}
	return specs
}

func fingerprintOf(key string) string { return "fp-" + key }

// tokenOf is derived, as in life: whoever asks for the same gets the same.
func tokenOf(item ledger.Owner, generation int) string {
	return fmt.Sprintf("token-%s-%d", item, generation)
}

func drawWorker(t *rapid.T) string { return pick(t, "worker", "w1", "w2") }

func drawIP(t *rapid.T) string { return pick(t, "address", "10.0.0.9", "") }

// drawID is mostly what BCE answers for the item's token, over and over.
func (w *twins) drawID(t *rapid.T, item ledger.Owner) string {
	own := "havip-" + w.items[item].Record.ClientToken
	return pick(t, "haVipId", own, own, own, "havip-second", "havip-third")
}
