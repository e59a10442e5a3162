package audit

import (
	"context"
	"errors"
	"iter"
	"maps"
	"slices"
	"strings"

	"havip/ledger"
)

// items yields the batch's undamaged items and calls damaged for the others; an error of damaged ends it.
func (v *verification) items(ctx context.Context, damaged func(key string, fault error) error) iter.Seq2[ledger.Item, error] {
	return func(yield func(ledger.Item, error) bool) {
		for item, err := range v.Ledger.Items(ctx, v.batch.Name) {
			var unreadable *ledger.UnreadableError
			if errors.As(err, &unreadable) {
				err = nil
				for _, key := range slices.Sorted(maps.Keys(unreadable.Faults)) {
					err = errors.Join(err, damaged(key, unreadable.Faults[key]))
				}
				if err == nil {
					continue
				}
			}
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}

// reportDamaged reports an item whose record cannot be read, and the HaVIPs that it owns.
func (v *verification) reportDamaged(key string, fault error) error {
	v.tally.Items++
	v.tally.Kinds[Unreadable]++
	f := Finding{Kind: Unreadable, Batch: v.batch.Name, Key: key, Detail: "its data in Redis cannot be read: " + textOf(fault.Error()).shown()}
	var owned []string
	for lane, l := range v.lanes {
		for _, e := range l.index.unrecorded.owned(key) {
			owned = append(owned, e.id)
			f.HaVIPID, f.Name, f.SubnetID, f.Account, f.Region = e.id, e.name, e.subnetID, lane.Account, lane.Region
		}
	}
	if len(owned) > 0 {
		slices.Sort(owned)
		f.Detail += "; it owns " + strings.Join(owned, ", ")
	}
	return v.found(f)
}
