package main

import (
	"strconv"
	"strings"
	"time"

	"havip/internal/cli"
	"havip/internal/render"
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

// eventWriter writes pages of events as they come.
type eventWriter interface {
	write(page []eventRow) error
	close() error
}

func (a *app) newEventWriter(follow bool) eventWriter {
	switch a.output {
	case render.JSON:
		return &eventArray{app: a}
	case render.NDJSON:
		return eventLines{a}
	case render.CSV:
		return eventCSV{a.records("id", "at", "event", "key", "by", "reason", "items", "detail")}
	case render.Table:
	}
	const by, items, what = 3, 4, 5
	grid := render.NewGrid(a.out, cli.TerminalWidth(a.out, 0), what, "TIME", "EVENT", "KEY", "BY", "ITEMS", "WHAT").Dispensable(items).Folded(by)
	if follow {
		grid.Least(len("2026-03-01T12:00:00Z"), len("cancel-asked"), 12, 16, len("ITEMS"), 20)
	}
	return &eventTable{grid: grid, follow: follow}
}

// eventArray gathers one array.
type eventArray struct {
	app  *app
	rows []eventRow
}

func (e *eventArray) write(page []eventRow) error {
	e.rows = append(e.rows, page...)
	return nil
}

func (e *eventArray) close() error { return encode(e.app, e.rows) }

// eventLines writes an object a line.
type eventLines struct{ app *app }

func (e eventLines) write(page []eventRow) error { return encode(e.app, page) }
func (e eventLines) close() error                { return nil }

// eventCSV writes a header, and a record an event.
type eventCSV struct{ *render.Records }

func (e eventCSV) write(page []eventRow) error {
	for _, r := range page {
		if err := e.Write(r.ID, r.At.Format(time.RFC3339Nano), r.Event, r.Key, r.By, r.Reason, strconv.FormatInt(r.Items, 10), r.Detail); err != nil {
			return err
		}
	}
	return e.Flush()
}

func (e eventCSV) close() error { return e.Close() }

// eventTable writes aligned columns; for a follower, each page at once.
type eventTable struct {
	grid   *render.Grid
	follow bool
}

func (e *eventTable) write(page []eventRow) error {
	for _, r := range page {
		items := ""
		if r.By != "" && r.Items > 0 {
			items = number(r.Items)
		}
		what := strings.Trim(r.Detail+": "+r.Reason, ": ")
		if err := e.grid.Row(r.At.UTC().Format(time.RFC3339), r.Event, r.Key, r.By, items, what); err != nil {
			return err
		}
	}
	if e.follow {
		return e.grid.Flush()
	}
	return nil
}

func (e *eventTable) close() error { return e.grid.Close() }
