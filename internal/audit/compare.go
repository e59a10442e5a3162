package audit

import (
	"context"
	"fmt"
	"strings"
	"time"

	"havip/ledger"
	"havip/tasks"
)

// compare compares the batch's items, a chunk at a time.
func (v *verification) compare(ctx context.Context) error {
	chunk := make([]ledger.Item, 0, ownersChunk)
	for item, err := range v.items(ctx, v.reportDamaged) {
		if err != nil {
			return err
		}
		if chunk = append(chunk, item); len(chunk) == ownersChunk {
			if err := v.compareChunk(ctx, chunk); err != nil {
				return err
			}
			chunk = chunk[:0]
		}
	}
	return v.compareChunk(ctx, chunk)
}

func (v *verification) compareChunk(ctx context.Context, items []ledger.Item) error {
	var ids []string
	for _, item := range items {
		if item.Record.HaVIPID != "" {
			ids = append(ids, item.Record.HaVIPID)
		}
	}
	owners, err := v.Ledger.Owners(ctx, ids)
	if err != nil {
		return err
	}
	for _, item := range items {
		if err := v.compareItem(ctx, item, owners); err != nil {
			return err
		}
	}
	return nil
}

// comparison gathers the findings of one item.
type comparison struct {
	item    ledger.Item
	request tasks.Request
	lane    *laneAudit
	found   []Finding
}

func (d *comparison) add(kind Kind, haVIPID, format string, args ...any) *Finding {
	d.found = append(d.found, newFinding(kind, d.item, d.request, haVIPID, fmt.Sprintf(format, args...)))
	return &d.found[len(d.found)-1]
}

func (v *verification) compareItem(ctx context.Context, item ledger.Item, owners map[string]ledger.Owner) error {
	v.tally.Items++
	l := v.lanes[tasks.LaneOf(item)]
	if l == nil || mayHaveChanged(item.Record, l.index.began) {
		v.tally.Moving++
		v.skip(l, item)
		return nil
	}
	request, err := tasks.RequestOf(item.Spec)
	if err != nil {
		v.tally.Items--
		return v.reportDamaged(item.Key, err)
	}
	d := &comparison{item: item, request: request, lane: l}
	if err := d.compare(ctx, owners); err != nil {
		return err
	}
	for _, finding := range d.found {
		v.tally.Kinds[finding.Kind]++
		if err := v.found(finding); err != nil {
			return err
		}
	}
	return nil
}

// skip leaves out an item that may have changed, and the HaVIP that may be its own.
func (v *verification) skip(l *laneAudit, item ledger.Item) {
	request, err := tasks.RequestOf(item.Spec)
	if l == nil || err != nil {
		return
	}
	unrecorded := l.index.unrecorded
	unrecorded.owned(item.Key)
	if isOpen(item.Record.State) {
		unrecorded.wantNoMore(placeOf(request))
	}
	if !l.index.recorded(item.Record.HaVIPID) {
		unrecorded.oldest(placeOf(request))
	}
}

// mayHaveChanged reports whether the item may have changed while its lane was listed, so that the listing proves
// nothing about it.
func mayHaveChanged(rec ledger.Record, listed time.Time) bool {
	switch {
	case rec.State.Terminal():
		return rec.UpdatedAt.Time().After(listed)
	case rec.State == ledger.Deleting:
		return true
	default: // a request or its answer may still be in flight
		return rec.Sends > 0 && rec.LastSentAt.Time().After(listed.Add(-tasks.LookupGrace)) ||
			rec.LeaseUntil.Time().After(listed)
	}
}

// compare compares one item.
func (d *comparison) compare(ctx context.Context, owners map[string]ledger.Owner) error {
	rec, unrecorded := d.item.Record, d.lane.index.unrecorded
	switch {
	case rec.State.Succeeded():
		return d.compareDone(ctx, owners)
	case isOpen(rec.State):
		d.compareOpen()
	default: // canceled or deleted: nothing should exist
		if e := d.lane.index.entries[rec.HaVIPID]; e != nil && e.listed {
			d.add(Leaked, e.id, "%s exists, and its item is %s", e.id, rec.State)
		}
		for _, e := range append(unrecorded.owned(d.item.Key), unrecorded.rest(placeOf(d.request))...) {
			d.add(Leaked, e.id, "%s exists, and its item is %s", e.id, rec.State)
		}
	}
	return nil
}

// compareOpen compares an item without a recorded HaVIP: one that exists is its own, and is unrecorded.
func (d *comparison) compareOpen() {
	rec, unrecorded, p := d.item.Record, d.lane.index.unrecorded, placeOf(d.request)
	owned := unrecorded.owned(d.item.Key)
	unrecorded.wantNoMore(p)
	unowned := []*entry(nil)
	if len(owned) == 0 {
		unowned = unrecorded.oldest(p)
	}
	for i, e := range append(owned, unowned...) {
		if i == 0 {
			d.add(Unrecorded, e.id, "%s exists%s, and the item is %s", e.id, age(e), why(rec))
			continue
		}
		d.add(Duplicated, e.id, "%s also belongs to the item", e.id)
	}
	for _, e := range unrecorded.rest(p) {
		d.add(Leaked, e.id, "%s matches the item%s, and belongs to no item", e.id, age(e))
	}
}

// compareDone compares an item whose HaVIP should exist once, as requested.
func (d *comparison) compareDone(ctx context.Context, owners map[string]ledger.Owner) error {
	rec, unrecorded := d.item.Record, d.lane.index.unrecorded
	d.lane.tally.Recorded++
	e, found, err := d.exists(ctx)
	if err != nil {
		return err
	}
	besides := "the item's own is " + rec.HaVIPID
	if !found {
		d.lane.tally.Missing++
		besides = "the item's own, " + rec.HaVIPID + ", is missing"
		d.add(Missing, rec.HaVIPID, "%s is recorded as %s and does not exist", rec.HaVIPID, rec.State)
	} else if found := d.differences(e); len(found) > 0 {
		texts := make([]string, len(found))
		for i, difference := range found {
			texts[i] = difference.String()
		}
		d.add(Changed, e.id, "%s", strings.Join(texts, "; ")).Differences = found
	}
	d.compareOwner(owners)
	for _, extra := range unrecorded.owned(d.item.Key) {
		d.add(Duplicated, extra.id, "%s was also created for the item; %s", extra.id, besides)
	}
	for _, extra := range unrecorded.rest(placeOf(d.request)) {
		d.add(Leaked, extra.id, "%s matches the item%s, and belongs to no item; %s", extra.id, age(extra), besides)
	}
	return nil
}

// exists looks for the item's HaVIP. One that is as recorded has no entry.
func (d *comparison) exists(ctx context.Context) (*entry, bool, error) {
	if d.lane.index.expected.agrees(d.item.Record, d.request) {
		return nil, true, nil
	}
	return d.lane.exists(ctx, d.item.Record.HaVIPID)
}

// compareOwner reports a HaVIP that is the result of two items.
func (d *comparison) compareOwner(owners map[string]ledger.Owner) {
	id := d.item.Record.HaVIPID
	self := d.item.Owner()
	e := d.lane.index.entries[id]
	switch {
	case e == nil || e.recordings == 0: // only this item has recorded it
	case e.recordedBy != d.item.Key:
		d.add(Duplicated, id, "%s is also recorded for item %q", id, e.recordedBy)
		return
	case e.recordings > 1:
		return // the other item's finding reports it
	}
	if owner, owned := owners[id]; owned && owner != self {
		d.add(Duplicated, id, "%s is the HaVIP of item %q of batch %q", id, owner.Key, owner.Batch)
	}
}

// differences returns how the HaVIP differs from the request; nil means that it is as expected.
func (d *comparison) differences(e *entry) []Difference {
	if e == nil {
		return nil
	}
	request, address := d.request, addressOf(d.item.Record, d.request)
	var found []Difference
	for _, field := range []struct{ name, asked, exists string }{
		{"name", request.Name, e.name},
		{"subnetId", request.SubnetID, e.subnetID},
		{"privateIpAddress", address, e.address},
	} {
		if field.asked != field.exists && (field.name != "privateIpAddress" || address != "") {
			found = append(found, Difference{field.name, field.asked, field.exists})
		}
	}
	if asked := textOf(request.Description); asked != e.description {
		found = append(found, Difference{"description", asked.shown(), e.description.shown()})
	}
	return found
}

// age says when a HaVIP was created, if known.
func age(e *entry) string {
	if e.created.IsZero() {
		return " (creation time unknown)"
	}
	return ", created " + e.created.UTC().Format(time.RFC3339)
}

// why returns an item's state, with the reason if it has one.
func why(rec ledger.Record) string {
	if rec.Code == "" {
		return string(rec.State)
	}
	return string(rec.State) + " (" + rec.Code + ")"
}
