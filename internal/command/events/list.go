package events

import (
	"io"
	"strconv"
	"strings"
	"time"

	"havip/internal/render"
	"havip/internal/words"
)

// eventRow is an event as -o json and ndjson show it.
type eventRow struct {
	ID    string    `json:"id"`
	At    time.Time `json:"at"`
	Event string    `json:"event"`
	// Key is the item's, or "" when the event is the batch's or the lane's.
	Key string `json:"key"`
	// By, Reason and Items are of what people did.
	By     string `json:"by"`
	Reason string `json:"reason"`
	Items  int64  `json:"items"`
	Detail string `json:"detail"`
}

// eventList shows events; to follow them, the table's columns are wide enough for later ones.
func eventList(follow bool) render.List[eventRow] {
	return render.List[eventRow]{
		Head: []string{"id", "at", "event", "key", "by", "reason", "items", "detail"},
		Record: func(r eventRow) []string {
			return []string{r.ID, r.At.Format(time.RFC3339Nano), r.Event, r.Key, r.By, r.Reason, strconv.FormatInt(r.Items, 10), r.Detail}
		},
		Grid: func(w io.Writer, width int) *render.Grid {
			const by, items, what = 3, 4, 5
			grid := render.NewGrid(w, width, what, "TIME", "EVENT", "KEY", "BY", "ITEMS", "WHAT").Dispensable(items).Folded(by)
			if follow {
				grid.Minimum(len("2026-03-01T12:00:00Z"), len("cancel-asked"), 12, 16, len("ITEMS"), 20)
			}
			return grid
		},
		Row: func(g *render.Grid, r eventRow) error {
			items := ""
			if r.By != "" && r.Items > 0 {
				items = words.Number(r.Items)
			}
			what := strings.Trim(r.Detail+": "+r.Reason, ": ")
			return g.Row(r.At.UTC().Format(time.RFC3339), r.Event, r.Key, r.By, items, what)
		},
	}
}
