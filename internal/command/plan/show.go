package plan

import (
	"bytes"
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
	"havip/tasks"
)

// rowView is a row that apply enqueues or that needs attention, as JSON. Kind and Why are empty if it needs none.
type rowView struct {
	attentionRow
	Action           plan.Action `json:"action"`
	Name             string      `json:"name"`
	SubnetID         string      `json:"subnetId"`
	PrivateIPAddress string      `json:"privateIpAddress"`
	Account          string      `json:"account"`
	Region           string      `json:"region"`
}

// attentionRow is a row that needs attention, as JSON.
type attentionRow struct {
	Line int       `json:"line"`
	Key  string    `json:"key"`
	Kind plan.Kind `json:"kind"`
	Why  string    `json:"why"`
}

func attentionOf(r plan.Row) attentionRow {
	return attentionRow{Line: r.Line, Key: r.Item.Key, Kind: r.Concern.Kind, Why: r.Concern.Why}
}

func viewOf(r plan.Row) rowView {
	item := r.Item
	return rowView{
		attentionRow: attentionOf(r), Action: r.Action, Name: item.Request.Name, SubnetID: item.Request.SubnetID,
		PrivateIPAddress: item.Request.PrivateIPAddress, Account: item.Account, Region: item.Region,
	}
}

// end is what is known after the last row.
type end struct {
	counts  plan.Counts
	lanes   []intake.Lane
	demands []plan.Demand
}

// writer streams the rows that apply enqueues or that need attention, and then writes the counts.
type writer interface {
	row(r plan.Row) error
	close(e end) error
}

func newWriter(t *terminal.IO) writer {
	switch t.Format {
	case render.JSON:
		return &object{w: t.Data()}
	case render.NDJSON:
		return lines{render.NewEncoder(t.Data())}
	case render.CSV:
		return records{t, render.NewRecords(t.Data(), t.CSVSafe,
			"line", "key", "kind", "why", "action", "name", "subnetId", "privateIpAddress", "account", "region")}
	case render.Table, render.Wide:
	}
	return &table{IO: t}
}

// maxShown limits the rows to create in a table.
const maxShown = 50

// table is text: what is created, where and how fast, what needs attention, and the counts last.
type table struct {
	*terminal.IO
	create    []plan.Row
	attention intake.Attention
}

func (t *table) row(r plan.Row) error {
	if r.Action.Enqueues() && len(t.create) < maxShown {
		t.create = append(t.create, r)
	}
	if r.Concern.Kind != "" {
		t.attention.Add(r)
	}
	return nil
}

func (t *table) close(e end) error {
	var b strings.Builder
	if err := t.writeRows(&b, e.counts.Enqueue); err != nil {
		return err
	}
	for _, l := range e.lanes {
		fmt.Fprintln(&b, render.Printable(l.String()))
	}
	for _, g := range t.attention.Groups {
		where := fmt.Sprintf("line %d: %s", g.First.Line, g.What())
		if g.Rows > 1 {
			where = fmt.Sprintf("lines %s: %s", g.Lines(), words.Count(g.Rows, "row", "rows"))
		}
		fmt.Fprintf(&b, "%s: %s\n", where, render.Printable(g.First.Concern.Why))
	}
	if more := t.attention.Unshown; more > 0 {
		fmt.Fprintf(&b, "… and %s with other reasons; -o ndjson lists all\n", words.Count(more, "more row", "more rows"))
	}
	fmt.Fprintln(&b, intake.Summary(e.counts))
	if _, err := io.WriteString(t.Out, b.String()); err != nil {
		return err
	}
	t.warn(e)
	return nil
}

// writeRows writes the first rows to create.
func (t *table) writeRows(w io.Writer, all int) error {
	const name = 1
	grid := render.NewGrid(w, t.Width(), name, "", "", "", "", "")
	for _, r := range t.create {
		label := r.Item.Request.Name
		if r.Item.Key != label {
			label += " (" + r.Item.Key + ")"
		}
		address := r.Item.Request.PrivateIPAddress
		if address == "" {
			address = "automatic"
		}
		l := tasks.Lane{Account: r.Item.Account, Region: r.Item.Region}
		if err := grid.Row("+", label, r.Item.Request.SubnetID, address, l.String()); err != nil {
			return err
		}
	}
	if err := grid.Close(); err != nil {
		return err
	}
	if more := all - len(t.create); more > 0 {
		fmt.Fprintf(w, "… and %s more; -o ndjson lists all\n", words.Number(more))
	}
	return nil
}

// warn reports why rows would not be created.
func (t *table) warn(e end) {
	for _, l := range e.lanes {
		for _, warning := range l.Warnings() {
			t.Infof("warning: %s", warning)
		}
	}
	for _, d := range e.demands {
		if d.Short() {
			t.Infof("subnet %s of lane %s: %s needed, %s free", d.SubnetID, d.Lane(), words.Count(d.Wanted, "address", "addresses"), words.Number(*d.Free))
		}
	}
}

// object is one JSON object. The rows come first, because they are streamed; rows that need attention are collected for another
// array.
type object struct {
	w         io.Writer
	rows      int
	attention bytes.Buffer
}

func (o *object) row(r plan.Row) error {
	if r.Concern.Kind != "" {
		separate(&o.attention)
		if err := render.NewEncoder(&o.attention).Encode(attentionOf(r)); err != nil {
			return err
		}
	}
	if !r.Action.Enqueues() {
		return nil
	}
	opening := `{"rows":[`
	if o.rows > 0 {
		opening = ","
	}
	o.rows++
	if _, err := io.WriteString(o.w, opening); err != nil {
		return err
	}
	return render.NewEncoder(o.w).Encode(viewOf(r))
}

// separate writes a comma between elements.
func separate(b *bytes.Buffer) {
	if b.Len() > 0 {
		b.WriteByte(',')
	}
}

func (o *object) close(e end) error {
	opening := "]"
	if o.rows == 0 {
		opening = `{"rows":[]`
	}
	var b strings.Builder
	if err := render.NewEncoder(&b).Encode(struct {
		plan.Counts
		Lanes   []intake.Lane `json:"lanes"`
		Subnets []plan.Demand `json:"subnets,omitempty"`
	}{e.counts, e.lanes, e.demands}); err != nil {
		return err
	}
	_, err := io.WriteString(o.w, opening+`,"attention":[`+o.attention.String()+"],"+strings.TrimPrefix(b.String(), "{"))
	return err
}

// lines is a JSON object per row, and a last one with the counts.
type lines struct{ enc *json.Encoder }

func (l lines) row(r plan.Row) error { return l.enc.Encode(viewOf(r)) }

func (l lines) close(e end) error {
	return l.enc.Encode(struct {
		Counts  plan.Counts   `json:"counts"`
		Lanes   []intake.Lane `json:"lanes"`
		Subnets []plan.Demand `json:"subnets,omitempty"`
	}{e.counts, e.lanes, e.demands})
}

// records is CSV, one record per row; the counts are a message.
type records struct {
	*terminal.IO
	csv *render.Records
}

func (c records) row(r plan.Row) error {
	v := viewOf(r)
	return c.csv.Write(strconv.Itoa(v.Line), v.Key, string(v.Kind), v.Why, string(v.Action), v.Name, v.SubnetID, v.PrivateIPAddress, v.Account, v.Region)
}

func (c records) close(e end) error {
	c.Infof("%s", intake.Summary(e.counts))
	return c.csv.Close()
}
