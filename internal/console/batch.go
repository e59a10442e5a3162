package console

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"havip/internal/notify"
	"havip/internal/report"
	"havip/ledger"
	"havip/tasks"
)

const (
	// itemsShown is how many items a page of the table shows.
	itemsShown = 50
	// failuresRead bounds the failed items that are grouped.
	failuresRead = 500
	// searchWithin and failuresWithin limit the search for items of some states, and for failures.
	searchWithin, failuresWithin = 60 * time.Millisecond, 60 * time.Millisecond
	// eventsInBatch is how many of a batch's newest events its page shows.
	eventsInBatch = 8
	// requestIDs is how many request IDs a group of failures shows.
	requestIDs = 3
)

// batchView is the page of a batch.
type batchView struct {
	batchRow
	OnComplete string
	Failures   failures
	Plot       *plot
	Table      itemTable
	Events     []ledger.Event
	// Lane is that of the batch's oldest open item, if something stops it.
	Lane *laneView
}

// failures are a batch's failed items by code.
type failures struct {
	Groups []failure
	// Read is how many of the failed items are grouped.
	Read int64
}

// failure is the failed items with one state and code.
type failure struct {
	State         ledger.State
	Code, Message string
	Items         int
	RequestIDs    []string
}

// itemTable is one page of the items that a filter chooses.
type itemTable struct {
	State, Code string
	States      []ledger.State
	Items       []tasks.Result
	// Damaged are the errors of items that cannot be read.
	Damaged []string
	// From is the position of the page, and Previous and Next those around it, -1 if there is none.
	From, Previous, Next int64
	// Searched is how many items have been looked at for the filter, if that is not all of the rest.
	Searched int64
}

// Filtered reports whether the table shows some states only.
func (t itemTable) Filtered() bool { return t.State != "" }

func batchPage(ctx context.Context, v *visit) (content, error) {
	b, err := v.session.Ledger.Batch(ctx, v.query("name"))
	if err != nil {
		return content{}, err
	}
	view := batchView{batchRow: newBatchRow(b), OnComplete: notify.Shown(b.OnComplete)}
	if !b.Done() {
		if view.Figures, err = report.Figures(ctx, v.session, b); err != nil {
			return content{}, err
		}
	}
	ends, err := v.session.Ledger.RecentEnds(ctx, b.Name, plotEvents)
	if err != nil {
		return content{}, err
	}
	view.Plot = plotOf(ends, v.now, b.Open() > 0)
	if view.Failures, err = v.failures(ctx, b); err != nil {
		return content{}, err
	}
	if view.Table, err = v.table(ctx, b); err != nil {
		return content{}, err
	}
	if view.Events, err = v.session.Ledger.NewestEvents(ctx, b.Name, "", eventsInBatch); err != nil {
		return content{}, err
	}
	return content{template: "batch.html", Title: b.Name, Section: "/", Data: view}, nil
}

// failures groups the failed items that a bounded search finds.
func (v *visit) failures(ctx context.Context, b ledger.Batch) (found failures, err error) {
	if b.Failed() == 0 {
		return found, nil
	}
	limit := min(b.Failed(), failuresRead)
	matches, err := v.session.Ledger.Search(ctx, b.Name, ledger.Query{
		States: []ledger.State{ledger.Rejected, ledger.Review}, Limit: int(limit), Within: failuresWithin,
	})
	if err != nil && !report.IsDamage(err) {
		return found, err
	}
	found.Read = int64(len(matches.Items))
	found.Groups = groupFailures(matches.Items)
	return found, nil
}

func groupFailures(items []ledger.Item) (groups []failure) {
	for _, item := range items {
		rec := item.Record
		i := slices.IndexFunc(groups, func(f failure) bool { return f.State == rec.State && f.Code == rec.Code })
		if i < 0 {
			i = len(groups)
			groups = append(groups, failure{State: rec.State, Code: rec.Code, Message: rec.Message})
		}
		groups[i].Items++
		if rec.RequestID != "" && len(groups[i].RequestIDs) < requestIDs {
			groups[i].RequestIDs = append(groups[i].RequestIDs, rec.RequestID)
		}
	}
	slices.SortStableFunc(groups, func(a, b failure) int { return cmp.Compare(b.Items, a.Items) })
	return groups
}

// table reads one page of the batch's items.
func (v *visit) table(ctx context.Context, b ledger.Batch) (itemTable, error) {
	t := itemTable{State: v.query("state"), Code: v.query("code"), States: ledger.States(), From: v.position("from"), Previous: -1, Next: -1}
	state := ledger.State(t.State)
	if !slices.Contains(t.States, state) {
		t.State, t.Code = "", ""
	}
	var items []ledger.Item
	var err error
	switch {
	case t.State == "":
		items, err = v.session.Ledger.Page(ctx, b.Name, t.From, itemsShown)
		if t.From > 0 {
			t.Previous = max(0, t.From-itemsShown)
		}
		if next := t.From + itemsShown; next < b.Total {
			t.Next = next
		}
	case b.Counts[state] > 0:
		var found ledger.Matches
		found, err = v.session.Ledger.Search(ctx, b.Name, ledger.Query{
			States: []ledger.State{state}, Code: t.Code, From: t.From, Limit: itemsShown, Within: searchWithin,
		})
		items, t.Next = found.Items, found.Next
		if len(items) < itemsShown {
			t.Searched = found.Next
		}
	}
	var damaged *ledger.UnreadableError
	if err != nil && !errors.As(err, &damaged) {
		return t, err
	}
	if damaged != nil {
		t.Damaged = append(t.Damaged, damaged.Error())
	}
	for _, item := range items {
		result, err := tasks.ResultOf(item)
		if err != nil {
			t.Damaged = append(t.Damaged, err.Error())
			continue
		}
		t.Items = append(t.Items, result)
	}
	return t, nil
}
