package plan

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"havip/internal/intake"
	"havip/internal/plan"
	"havip/internal/render"
	"havip/internal/terminal"
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

// writer writes the rows that need attention as they come, and at the end the counts.
type writer interface {
	row(r plan.Row) error
	close(counts plan.Counts, demands []plan.Demand) error
}

func newWriter(t *terminal.IO) writer {
	switch t.Format {
	case render.JSON:
		return &object{w: t.Data()}
	case render.NDJSON:
		return lines{render.NewEncoder(t.Data())}
	case render.CSV:
		return records{t, render.NewRecords(t.Data(), t.CSVSafe, "line", "key", "kind", "why")}
	case render.Table:
	}
	return &table{IO: t}
}

// table is for people: the counts come first, and so the rows are collected.
type table struct {
	*terminal.IO
	attention intake.Attention
}

func (t *table) row(r plan.Row) error {
	t.attention.Add(r)
	return nil
}

func (t *table) close(counts plan.Counts, demands []plan.Demand) error {
	if _, err := fmt.Fprintln(t.Out, intake.Summary(counts)); err != nil {
		return err
	}
	for _, row := range t.attention.Rows {
		if _, err := fmt.Fprintf(t.Out, "  line %d: %q: %s\n", row.Line, row.Item.Key, render.Printable(row.Concern.Why)); err != nil {
			return err
		}
	}
	if more := t.attention.Total - len(t.attention.Rows); more > 0 {
		if _, err := fmt.Fprintf(t.Out, "  … and %s more; -o ndjson lists all\n", words.Number(more)); err != nil {
			return err
		}
	}
	for _, d := range demands {
		if d.Short() {
			t.Infof("subnet %s of lane %s: %s wanted, %s free", d.SubnetID, d.Lane(), words.Count(d.Wanted, "address", "addresses"), words.Number(*d.Free))
		}
	}
	return nil
}

// object is one JSON object. Its rows come first, as they are not collected.
type object struct {
	w    io.Writer
	rows int
}

func (o *object) row(r plan.Row) error {
	opening := `{"attention":[`
	if o.rows > 0 {
		opening = ","
	}
	o.rows++
	if _, err := io.WriteString(o.w, opening); err != nil {
		return err
	}
	return render.NewEncoder(o.w).Encode(attentionOf(r))
}

func (o *object) close(counts plan.Counts, demands []plan.Demand) error {
	closing := "],"
	if o.rows == 0 {
		closing = `{"attention":[],`
	}
	var b strings.Builder
	if err := render.NewEncoder(&b).Encode(struct {
		plan.Counts
		Subnets []plan.Demand `json:"subnets,omitempty"`
	}{counts, demands}); err != nil {
		return err
	}
	_, err := io.WriteString(o.w, closing+strings.TrimPrefix(b.String(), "{"))
	return err
}

// lines is a JSON object a row, and a last one with the counts.
type lines struct{ enc *json.Encoder }

func (l lines) row(r plan.Row) error { return l.enc.Encode(attentionOf(r)) }

func (l lines) close(counts plan.Counts, demands []plan.Demand) error {
	return l.enc.Encode(struct {
		Counts  plan.Counts   `json:"counts"`
		Subnets []plan.Demand `json:"subnets,omitempty"`
	}{counts, demands})
}

// records is CSV, a record a row; the counts are a message.
type records struct {
	*terminal.IO
	csv *render.Records
}

func (c records) row(r plan.Row) error {
	return c.csv.Write(strconv.Itoa(r.Line), r.Item.Key, string(r.Concern.Kind), r.Concern.Why)
}

func (c records) close(counts plan.Counts, _ []plan.Demand) error {
	c.Infof("%s", intake.Summary(counts))
	return c.csv.Close()
}
