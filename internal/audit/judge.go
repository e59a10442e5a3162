package audit

import (
	"context"
	"fmt"
	"strings"
	"time"

	"havip/internal/queue"
	"havip/ledger"
	"havip/tasks"
)

// judge goes through the batch, a chunk of items at a time.
func (v *verification) judge(ctx context.Context) error {
	chunk := make([]ledger.Item, 0, ownersChunk)
	for item, err := range v.items(ctx, v.judgeDamaged) {
		if err != nil {
			return err
		}
		if chunk = append(chunk, item); len(chunk) == ownersChunk {
			if err := v.judgeChunk(ctx, chunk); err != nil {
				return err
			}
			chunk = chunk[:0]
		}
	}
	return v.judgeChunk(ctx, chunk)
}

func (v *verification) judgeChunk(ctx context.Context, items []ledger.Item) error {
	recorded := map[tasks.Lane][]string{}
	for _, item := range items {
		if item.Record.HaVIPID != "" {
			recorded[queue.LaneOf(item)] = append(recorded[queue.LaneOf(item)], item.Record.HaVIPID)
		}
	}
	owners := map[tasks.Lane]map[string]ledger.Owner{}
	for lane, ids := range recorded {
		var err error
		if owners[lane], err = v.Ledger.Owners(ctx, lane.String(), ids); err != nil {
			return err
		}
	}
	for _, item := range items {
		if err := v.judgeItem(ctx, item, owners[queue.LaneOf(item)]); err != nil {
			return err
		}
	}
	return nil
}

// verdict gathers the findings of one item.
type verdict struct {
	item    ledger.Item
	request tasks.Request
	lane    *laneAudit
	found   []Finding
}

func (d *verdict) add(kind Kind, haVIPID, format string, args ...any) *Finding {
	d.found = append(d.found, newFinding(kind, d.item, d.request, haVIPID, fmt.Sprintf(format, args...)))
	return &d.found[len(d.found)-1]
}

func (v *verification) judgeItem(ctx context.Context, item ledger.Item, owners map[string]ledger.Owner) error {
	v.tally.Items++
	l := v.lanes[queue.LaneOf(item)]
	if l == nil || moves(item.Record, l.index.began) {
		v.tally.Moving++
		v.passOver(l, item)
		return nil
	}
	request, err := tasks.RequestOf(item.Spec)
	if err != nil {
		v.tally.Items--
		return v.judgeDamaged(item.Key, err)
	}
	d := &verdict{item: item, request: request, lane: l}
	if err := d.judge(ctx, owners); err != nil {
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

// passOver leaves out a moving item, and with it the HaVIP that may be about to become its own.
func (v *verification) passOver(l *laneAudit, item ledger.Item) {
	request, err := tasks.RequestOf(item.Spec)
	if l == nil || err != nil {
		return
	}
	strays := l.index.strays
	strays.owned(item.Key)
	if isOpen(item.Record.State) {
		strays.wantNoMore(placeOf(request))
	}
	if e := l.index.entries[item.Record.HaVIPID]; e == nil || e.recordings == 0 {
		strays.oldest(placeOf(request))
	}
}

// moves reports whether the item may have changed while its lane was listed: what the listing shows
// says nothing about it then.
func moves(rec ledger.Record, listed time.Time) bool {
	switch {
	case rec.State.Terminal():
		return rec.UpdatedAt.Time().After(listed)
	case rec.State == ledger.Deleting:
		return true
	default: // a request may still be on its way, or its answer
		return rec.Sends > 0 && rec.LastSentAt.Time().After(listed.Add(-tasks.LookupGrace)) ||
			rec.LeaseUntil.Time().After(listed)
	}
}

// judge decides about one item.
func (d *verdict) judge(ctx context.Context, owners map[string]ledger.Owner) error {
	rec, strays := d.item.Record, d.lane.index.strays
	switch {
	case rec.State.Succeeded():
		return d.judgeDone(ctx, owners)
	case isOpen(rec.State):
		d.judgeOpen()
	default: // canceled or deleted: whatever exists was given up
		if e := d.lane.index.entries[rec.HaVIPID]; e != nil && e.listed {
			d.add(Leaked, e.id, "%s exists, and its item is %s", e.id, rec.State)
		}
		for _, e := range append(strays.owned(d.item.Key), strays.rest(placeOf(d.request))...) {
			d.add(Leaked, e.id, "%s exists, and its item is %s", e.id, rec.State)
		}
	}
	return nil
}

// judgeOpen is about an item without a HaVIP on record: one that exists is its own, and was not
// recorded.
func (d *verdict) judgeOpen() {
	rec, strays, p := d.item.Record, d.lane.index.strays, placeOf(d.request)
	owned := strays.owned(d.item.Key)
	strays.wantNoMore(p)
	unowned := []*entry(nil)
	if len(owned) == 0 {
		unowned = strays.oldest(p)
	}
	for i, e := range append(owned, unowned...) {
		if i == 0 {
			d.add(Unrecorded, e.id, "%s exists%s, and the item is %s", e.id, age(e), why(rec))
			continue
		}
		d.add(Duplicated, e.id, "%s also belongs to the item", e.id)
	}
	for _, e := range strays.rest(p) {
		d.add(Leaked, e.id, "%s matches the item%s, and belongs to no item", e.id, age(e))
	}
}

// judgeDone is about an item that should exist, as it was asked for, once.
func (d *verdict) judgeDone(ctx context.Context, owners map[string]ledger.Owner) error {
	rec, strays := d.item.Record, d.lane.index.strays
	d.lane.tally.Recorded++
	e, found, err := d.lane.exists(ctx, rec.HaVIPID)
	if err != nil {
		return err
	}
	besides := "the item's own is " + rec.HaVIPID
	if !found {
		d.lane.tally.Missing++
		besides = "the item's own, " + rec.HaVIPID + ", is missing"
		d.add(Missing, rec.HaVIPID, "%s is recorded as %s and does not exist", rec.HaVIPID, rec.State)
	} else if differences := compare(d.request, rec, e); len(differences) > 0 {
		texts := make([]string, len(differences))
		for i, difference := range differences {
			texts[i] = difference.String()
		}
		d.add(Changed, e.id, "%s", strings.Join(texts, "; ")).Differences = differences
	}
	d.judgeOwner(owners)
	for _, extra := range strays.owned(d.item.Key) {
		d.add(Duplicated, extra.id, "%s was also created for the item; %s", extra.id, besides)
	}
	for _, stray := range strays.rest(placeOf(d.request)) {
		d.add(Leaked, stray.id, "%s matches the item%s, and belongs to no item; %s", stray.id, age(stray), besides)
	}
	return nil
}

// judgeOwner finds a HaVIP that is the result of two items.
func (d *verdict) judgeOwner(owners map[string]ledger.Owner) {
	id := d.item.Record.HaVIPID
	self := d.item.Owner()
	e := d.lane.index.entries[id]
	switch {
	case e == nil:
		return
	case e.recordedBy != d.item.Key:
		d.add(Duplicated, id, "%s is also recorded for item %q", id, e.recordedBy)
		return
	case e.recordings > 1:
		return // the other item's finding says it
	}
	if owner, owned := owners[id]; owned && owner != self {
		d.add(Duplicated, id, "%s is the HaVIP of item %q of batch %q", id, owner.Key, owner.Batch)
	}
}

// compare says in what the HaVIP is not as it was asked for. Where BCE chose the address, the one
// that was recorded stands for what was asked.
func compare(request tasks.Request, rec ledger.Record, e *entry) []Difference {
	address := request.PrivateIPAddress
	if address == "" {
		address = rec.PrivateIPAddress
	}
	var differences []Difference
	for _, field := range []struct{ name, asked, exists string }{
		{"name", request.Name, e.name},
		{"subnetId", request.SubnetID, e.subnetID},
		{"privateIpAddress", address, e.address},
	} {
		if field.asked != field.exists && (field.name != "privateIpAddress" || address != "") {
			differences = append(differences, Difference{field.name, field.asked, field.exists})
		}
	}
	if asked := textOf(request.Description); asked != e.description {
		differences = append(differences, Difference{"description", asked.shown(), e.description.shown()})
	}
	return differences
}

// age says when a HaVIP was created, where BCE says it.
func age(e *entry) string {
	if e.created.IsZero() {
		return " (creation time unknown)"
	}
	return ", created " + e.created.UTC().Format(time.RFC3339)
}

// why is an item's state, with the reason if it has one.
func why(rec ledger.Record) string {
	if rec.Code == "" {
		return string(rec.State)
	}
	return string(rec.State) + " (" + rec.Code + ")"
}
