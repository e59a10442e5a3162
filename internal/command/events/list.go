package events

import (
	"strings"
	"time"

	"havip/internal/render"
	"havip/internal/words"
	"havip/ledger"
)

// eventRow is an event as -o json and ndjson show it.
type eventRow struct {
	ID    string    `json:"id"`
	At    time.Time `json:"at"`
	Event string    `json:"event"`
	// Key is the item's, or "" for an event of the batch or the lane.
	Key string `json:"key"`
	// By, Reason and Items are set for actions of users.
	By     string `json:"by"`
	Reason string `json:"reason"`
	Items  int64  `json:"items"`
	Detail string `json:"detail"`
}

// eventList shows events.
func eventList() render.List[eventRow] {
	return render.List[eventRow]{
		Columns: []render.Column[eventRow]{
			{Name: "id", Text: func(r eventRow) string { return r.ID }},
			{Name: "at", Head: "TIME", Time: func(r eventRow) time.Time { return r.At }, Width: len("2026-03-01 12:00:00")},
			{Name: "event", Text: func(r eventRow) string { return r.Event }, Color: func(r eventRow) render.Color { return render.StateColor(ledger.State(r.Event)) }, Width: len("cancel-asked")},
			{Name: "key", Text: func(r eventRow) string { return r.Key }, Width: 12},
			{Name: "by", Text: func(r eventRow) string { return r.By }, Width: 16},
			{Name: "reason", Text: func(r eventRow) string { return r.Reason }},
			{Name: "items", Number: func(r eventRow) int64 { return r.Items }, Cell: itemsCell, Width: len("ITEMS")},
			{Name: "detail", Text: func(r eventRow) string { return r.Detail }},
			{Name: "what", Text: func(r eventRow) string { return strings.Trim(r.Detail+": "+r.Reason, ": ") }, Derived: true, Width: 20},
		},
		Table:    []string{"at", "event", "key", "by", "items", "what"},
		Wide:     []string{"id", "at", "event", "key", "by", "items", "reason", "detail"},
		Flexible: "what", Dispensable: []string{"items"}, Folded: []string{"by"},
	}
}

// itemsCell is the number of items in tables; only actions of users have one.
func itemsCell(r eventRow) string {
	if r.By == "" || r.Items == 0 {
		return ""
	}
	return words.Number(r.Items)
}
