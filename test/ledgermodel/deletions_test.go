package ledgermodel_test

import (
	"strconv"
	"time"

	"pgregory.net/rapid"

	"havip/ledger"
)

func (w *twins) drawRollback(t *rapid.T, item ledger.Owner) operation {
	var items []ledger.Item
	for _, key := range drawKeys(t, item.Batch) {
		standing := w.standing(ledger.Owner{Batch: item.Batch, Key: key})
		standing.Record.HaVIPID = pick(t, "seen", standing.Record.HaVIPID, standing.Record.HaVIPID, "havip-other")
		items = append(items, standing)
	}
	return rollback{item.Batch, items}
}

func (w *twins) drawBeginDeletion(t *rapid.T, item ledger.Owner) operation {
	w.tickets++
	ticket := "t" + strconv.Itoa(w.tickets)
	return beginDeletion{item, ledger.DeletionOptions{
		Worker: drawWorker(t), Ticket: pick(t, "ticket", ticket, ticket, w.ticketOf[item]),
		Lease:   pick(t, "lease", 30*time.Second, time.Minute, 10*time.Second),
		Request: pick(t, "request", 16*time.Second, 0, time.Second, time.Hour),
		Watched: w.drawWatched(t, item),
	}}
}

// removals are the outcomes of package tasks.
var removals = []ledger.DeletionOutcome{
	{State: ledger.Deleting, Class: "unknown", Unknown: true, Status: 500, Code: "InternalError", DurationMS: 7},
	{State: ledger.Deleting, Class: "throttled", Status: 429, Code: "RateLimit", PrivateIPAddress: "10.0.0.8"},
	{State: ledger.Deleting, Class: "not-found", Status: 404, Code: "NoSuchObject"},
	{State: ledger.Created, Class: "refused", Code: "HaVIPBound", Message: "bound to i-1", PrivateIPAddress: "10.0.0.8"},
	{State: ledger.Deleted, Class: "deleted", Status: 200, RequestID: "r-4"},
}

// drawEndDeletion is mostly of the latest try. Only what was begun has an outcome.
func (w *twins) drawEndDeletion(t *rapid.T, item ledger.Owner) operation {
	rec := w.items[item].Record
	if rec.Deletes == 0 {
		return w.drawBeginDeletion(t, item)
	}
	n := pick(t, "try", rec.Deletes, rec.Deletes, rapid.IntRange(1, rec.Deletes).Draw(t, "any"))
	outcome := pick(t, "removal", removals...)
	outcome.Generation = pick(t, "generation", rec.Generation, 0, 1)
	outcome.Ticket = pick(t, "ticket", w.ticketOf[item], w.ticketOf[item], "t-other")
	return endDeletion{item, n, outcome}
}
