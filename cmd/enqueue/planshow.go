package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"havip/internal/plan"
	"havip/internal/render"
	"havip/internal/words"
)

// attentionRow is a row that needs attention, as data.
type attentionRow struct {
	Line int       `json:"line"`
	Key  string    `json:"key"`
	Kind plan.Kind `json:"kind"`
	Why  string    `json:"why"`
}

func attentionOf(r plan.Row) attentionRow {
	return attentionRow{Line: r.Line, Key: r.Item.Key, Kind: r.Concern.Kind, Why: r.Concern.Why}
}

// planWriter writes the rows that need attention as they come, and at the end the counts.
type planWriter interface {
	row(r plan.Row) error
	close(counts plan.Counts, demands []plan.Demand) error
}

func (a *app) newPlanWriter() planWriter {
	switch a.Format {
	case render.JSON:
		return &planObject{w: a.Data()}
	case render.NDJSON:
		return planLines{plainEncoder(a.Data())}
	case render.CSV:
		return &planCSV{app: a, w: csv.NewWriter(a.Data())}
	case render.Table:
	}
	return &planTable{app: a}
}

// plainEncoder writes JSON as it is read, a value a line.
func plainEncoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

// maxAttention bounds the rows that a person is shown.
const maxAttention = 50

// planTable is for people: the counts first, and so the rows are held back.
type planTable struct {
	app *app
	attentionList
}

func (t *planTable) row(r plan.Row) error {
	t.add(r)
	return nil
}

func (t *planTable) close(counts plan.Counts, demands []plan.Demand) error {
	if _, err := fmt.Fprintln(t.app.Out, planLine(counts)); err != nil {
		return err
	}
	for _, row := range t.rows {
		if _, err := fmt.Fprintf(t.app.Out, "  line %d: %q: %s\n", row.Line, row.Item.Key, render.Printable(row.Concern.Why)); err != nil {
			return err
		}
	}
	if more := t.total - len(t.rows); more > 0 {
		if _, err := fmt.Fprintf(t.app.Out, "  … and %s more; -o ndjson lists all\n", words.Number(more)); err != nil {
			return err
		}
	}
	for _, d := range demands {
		if d.Short() {
			t.app.Infof("subnet %s of lane %s: %s wanted, %s free", d.SubnetID, d.Lane(), words.Count(d.Wanted, "address", "addresses"), words.Number(*d.Free))
		}
	}
	return nil
}

// attentionList keeps the first rows that need attention, and counts all.
type attentionList struct {
	rows  []plan.Row
	total int
}

func (l *attentionList) add(r plan.Row) {
	if l.total++; len(l.rows) < maxAttention {
		l.rows = append(l.rows, r)
	}
}

// planObject is one JSON object. The rows come first in it, for they are not held back.
type planObject struct {
	w    io.Writer
	rows int
}

func (o *planObject) row(r plan.Row) error {
	opening := `{"attention":[`
	if o.rows > 0 {
		opening = ","
	}
	o.rows++
	if _, err := io.WriteString(o.w, opening); err != nil {
		return err
	}
	return plainEncoder(o.w).Encode(attentionOf(r))
}

func (o *planObject) close(counts plan.Counts, demands []plan.Demand) error {
	closing := "],"
	if o.rows == 0 {
		closing = `{"attention":[],`
	}
	var b strings.Builder
	if err := plainEncoder(&b).Encode(struct {
		plan.Counts
		Subnets []plan.Demand `json:"subnets,omitempty"`
	}{counts, demands}); err != nil {
		return err
	}
	_, err := io.WriteString(o.w, closing+strings.TrimPrefix(b.String(), "{"))
	return err
}

// planLines is a JSON object a row, and a last one with the counts.
type planLines struct{ enc *json.Encoder }

func (l planLines) row(r plan.Row) error { return l.enc.Encode(attentionOf(r)) }

func (l planLines) close(counts plan.Counts, demands []plan.Demand) error {
	return l.enc.Encode(struct {
		Counts  plan.Counts   `json:"counts"`
		Subnets []plan.Demand `json:"subnets,omitempty"`
	}{counts, demands})
}

// planCSV is a header and a record a row; the counts are talk.
type planCSV struct {
	app    *app
	w      *csv.Writer
	headed bool
}

func (c *planCSV) head() error {
	if c.headed {
		return nil
	}
	c.headed = true
	return c.w.Write([]string{"line", "key", "kind", "why"})
}

func (c *planCSV) row(r plan.Row) error {
	if err := c.head(); err != nil {
		return err
	}
	return c.w.Write([]string{strconv.Itoa(r.Line), r.Item.Key, string(r.Concern.Kind), r.Concern.Why})
}

func (c *planCSV) close(counts plan.Counts, _ []plan.Demand) error {
	c.app.Infof("%s", planLine(counts))
	if err := c.head(); err != nil {
		return err
	}
	c.w.Flush()
	return c.w.Error()
}

// planLine is the counts line.
func planLine(n plan.Counts) string {
	parts := []string{words.Number(n.Create) + " to create"}
	for _, part := range []struct {
		n    int
		text string
	}{
		{n.Requeue, "to queue again"},
		{n.Running, "under way"},
		{n.Done, "already done"},
		{n.Failed, "failed before"},
		{n.Canceled, "canceled before"},
		{n.Deleted, "rolled back before"},
		{n.Adopt, "to adopt"},
		{n.Conflicts, "in conflict"},
		{n.Fail, "that would fail"},
	} {
		if part.n > 0 {
			parts = append(parts, words.Number(part.n)+" "+part.text)
		}
	}
	return "Plan: " + strings.Join(parts, ", ")
}
