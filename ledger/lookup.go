package ledger

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/lifecycle"
)

// Adopt records that an existing HaVIP is the item's: a request with the given clientToken created it, and its answer
// or its record was lost. It applies only if no request has begun since the caller read the record, and if the
// unknown outcome that the caller saw, if any, remains. Claim the HaVIP for the item first; see [Ledger.ClaimHaVIP].
func (l *Ledger) Adopt(ctx context.Context, batch, key string, seen Record, haVIPID, address string) (lifecycle.Found, Record, error) {
	return transition(ctx, l, "adopt", batch, key, lifecycle.FoundAbsent, Known{}, noEntry, func(s lifecycle.Snapshot) (lifecycle.Found, lifecycle.Change) {
		return lifecycle.Adopt(s, seen, haVIPID, address)
	})
}

func flag(set bool) int {
	if set {
		return 1
	}
	return 0
}

// Renew gives an item without unknown outcomes its next clientToken; see [lifecycle.Renew]. Why is recorded in the batch's
// events. If an operator canceled the item, Renew ends it instead and returns [lifecycle.FoundCanceled].
func (l *Ledger) Renew(ctx context.Context, batch, key string, seen Record, next, why string) (lifecycle.Found, Record, error) {
	return transition(ctx, l, "renew", batch, key, lifecycle.FoundAbsent, Known{}, noEntry, func(s lifecycle.Snapshot) (lifecycle.Found, lifecycle.Change) {
		return lifecycle.Renew(s, seen, next, why)
	})
}

// RenewRefused is Renew for a token with only refused requests; see [lifecycle.RenewRefused]. It also returns how long
// to wait for another listing if it is needed.
func (l *Ledger) RenewRefused(ctx context.Context, batch, key string, seen Record, o lifecycle.AbsenceTerms, why string) (found lifecycle.Found, wait time.Duration, err error) {
	found, _, err = transition(ctx, l, "renew", batch, key, lifecycle.FoundAbsent, Known{}, noEntry, func(s lifecycle.Snapshot) (found lifecycle.Found, c lifecycle.Change) {
		found, wait, c = lifecycle.RenewRefused(s, seen, o, why)
		return found, c
	})
	return found, wait, err
}

// Absence is the result of [Ledger.RecordAbsence].
type Absence struct {
	Result lifecycle.Absence
	// Wait is how long to wait before the next lookup if Result is [lifecycle.AbsenceAgain].
	Wait time.Duration
	// Record is the resulting record.
	Record Record
}

// RecordAbsence records that a complete listing does not show the HaVIP of an item of unknown outcome; see
// [lifecycle.RecordAbsence].
func (l *Ledger) RecordAbsence(ctx context.Context, batch, key string, seen Record, o lifecycle.AbsenceTerms) (Absence, error) {
	var a Absence
	d, err := l.update(ctx, batch, key, Known{}, noEntry, func(s lifecycle.Snapshot) (c lifecycle.Change) {
		a.Result, a.Wait, c = lifecycle.RecordAbsence(s, seen, o)
		return c
	})
	switch {
	case errors.Is(err, errAbsent):
		return Absence{Result: lifecycle.AbsenceLate}, nil
	case err != nil:
		return Absence{}, itemError("record the absence of", batch, key, err)
	}
	a.Record = d.after()
	return a, nil
}

// ownersPart is how many owners one command reads.
const ownersPart = 1000

// SomeHaVIPs returns up to n random HaVIPs that items of the lane own. HaVIPs that rollback deleted are left out; those
// that were deleted outside of this program are not. If other lanes own nearly all HaVIPs, it may find none; see
// [Ledger.OwnedHaVIPs].
func (l *Ledger) SomeHaVIPs(ctx context.Context, lane string, n int) ([]string, error) {
	some := ownSample{lane: lane, n: n}
	for _, drawn := range []int{n, ownersPart} {
		if some.full() {
			break
		}
		ids, err := l.rdb.HRandField(ctx, ownersKey, drawn).Result()
		if err == nil {
			err = l.owners(ctx, ids, some.add)
		}
		if err != nil {
			return nil, fmt.Errorf("some HaVIPs of lane %s: %w", lane, err)
		}
		if len(ids) < drawn { // these were all
			break
		}
	}
	return some.ids, nil
}

// OwnedHaVIPs is SomeHaVIPs that returns none only if there is none: it scans all owners, part by part, until it has n.
func (l *Ledger) OwnedHaVIPs(ctx context.Context, lane string, n int) ([]string, error) {
	ids, err := l.SomeHaVIPs(ctx, lane, n)
	if err != nil || len(ids) > 0 {
		return ids, err
	}
	owned := ownSample{lane: lane, n: n}
	for cursor, ended := uint64(0), false; !ended && !owned.full(); ended = cursor == 0 {
		var fields []string
		if fields, cursor, err = l.rdb.HScan(ctx, ownersKey, cursor, "", ownersPart).Result(); err != nil {
			return nil, fmt.Errorf("HaVIPs of lane %s: %w", lane, err)
		}
		for i := 0; i+1 < len(fields); i += 2 {
			owned.add(fields[i], fields[i+1])
		}
	}
	return owned.ids, nil
}

// ownSample collects up to n HaVIPs that items of one lane own and that rollback did not delete.
type ownSample struct {
	lane string
	n    int
	ids  []string
}

func (s *ownSample) full() bool { return len(s.ids) >= s.n }

func (s *ownSample) add(haVIPID, owner string) {
	lane, deleted := laneOf(owner)
	if haVIPID != "" && lane == s.lane && !deleted && !s.full() && !slices.Contains(s.ids, haVIPID) {
		s.ids = append(s.ids, haVIPID)
	}
}

// ClaimHaVIP makes the item the owner of a HaVIP unless another item is, and returns the owner. A HaVIP is never the result of
// two items, whatever their lanes. Lane is "account/region": its key shows the HaVIP. Claim before recording, so that every
// recorded HaVIP is owned; claiming again is safe.
func (l *Ledger) ClaimHaVIP(ctx context.Context, lane, haVIPID string, claim Owner) (owner Owner, err error) {
	claimed, err := l.rdb.HSetNX(ctx, ownersKey, haVIPID, claim.encodeWith(lane)).Result()
	if claimed {
		return claim, nil
	}
	var current string
	if err == nil {
		current, err = l.rdb.HGet(ctx, ownersKey, haVIPID).Result()
	}
	if err != nil {
		return Owner{}, itemError("claim "+haVIPID+" for", claim.Batch, claim.Key, err)
	}
	return decodeOwner(current), nil
}

// KeepClaims repeats the claims of HaVIPs that these items have created. Each was claimed before it was
// recorded, and a failover in between may have lost only the claim. HaVIPs of other items keep their owners.
func (l *Ledger) KeepClaims(ctx context.Context, lane string, items []Item) error {
	_, err := l.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		for _, item := range items {
			if item.Record.HaVIPID == "" {
				continue
			}
			pipe.HSetNX(ctx, ownersKey, item.Record.HaVIPID, item.Owner().encodeWith(lane))
		}
		return nil
	})
	return wrap("claims of lane "+lane, err)
}

// TakeHaVIPs makes each item the owner of its record's HaVIP unless another item is. An item of a deleted batch gives way,
// because an operator decides that the HaVIP is the new item's. It returns the owner of each item's HaVIP.
func (l *Ledger) TakeHaVIPs(ctx context.Context, items []Item) ([]Owner, error) {
	ids := make([]string, len(items))
	for i, item := range items {
		ids[i] = item.Record.HaVIPID
	}
	ended, err := l.endedOwners(ctx, ids)
	if err != nil {
		return nil, fmt.Errorf("record the owners of HaVIPs: %w", err)
	}
	claims := make([]ownerClaim, len(items))
	for i, item := range items {
		claims[i] = ownerClaim{field: ids[i], owner: item.Owner().encodeWith(item.lane()), replace: ended[ids[i]]}
	}
	replies, err := l.claimOwners(ctx, ownersKey, claims)
	if err != nil {
		return nil, fmt.Errorf("record the owners of HaVIPs: %w", err)
	}
	owners := make([]Owner, len(replies))
	for i, text := range replies {
		owners[i] = decodeOwner(text)
	}
	return owners, nil
}

// endedOwners returns the owners, as they are stored, of those HaVIPs that items of deleted batches own.
func (l *Ledger) endedOwners(ctx context.Context, haVIPIDs []string) (map[string]string, error) {
	stored := map[string]string{}
	var owners []Owner
	err := l.owners(ctx, haVIPIDs, func(id, owner string) {
		stored[id] = owner
		owners = append(owners, decodeOwner(owner))
	})
	if err != nil {
		return nil, err
	}
	deleted, err := l.OfDeletedBatches(ctx, owners)
	maps.DeleteFunc(stored, func(_, owner string) bool { return !deleted[decodeOwner(owner)] })
	return stored, err
}

// Owners returns which items own these HaVIPs; those without an owner are left out.
func (l *Ledger) Owners(ctx context.Context, haVIPIDs []string) (map[string]Owner, error) {
	owners := make(map[string]Owner, len(haVIPIDs))
	err := l.owners(ctx, haVIPIDs, func(id, owner string) { owners[id] = decodeOwner(owner) })
	return owners, err
}

// OwnsAny reports whether items of the lane itself own any of these HaVIPs.
func (l *Ledger) OwnsAny(ctx context.Context, lane string, haVIPIDs []string) (own bool, err error) {
	err = l.owners(ctx, haVIPIDs, func(_, owner string) {
		of, _ := laneOf(owner)
		own = own || of == lane
	})
	return own, err
}

func (l *Ledger) owners(ctx context.Context, haVIPIDs []string, found func(id, owner string)) error {
	if len(haVIPIDs) == 0 {
		return nil
	}
	values, err := l.rdb.HMGet(ctx, ownersKey, haVIPIDs...).Result()
	if err != nil {
		return fmt.Errorf("owners of HaVIPs: %w", err)
	}
	for i, value := range values {
		if text, ok := value.(string); ok {
			found(haVIPIDs[i], text)
		}
	}
	return nil
}

// noteDeleted marks the HaVIP as deleted for its owner, so that its absence from a listing is not taken for a sign of
// another account. The item remains its owner, because a late answer may still name it.
func (l *Ledger) noteDeleted(ctx context.Context, item Item) error {
	owner := item.Owner()
	claim := ownerClaim{field: item.Record.HaVIPID, owner: owner.encodeWith(item.lane(), ownerDeleted), replace: owner.encodeWith(item.lane())}
	_, err := l.claimOwners(ctx, ownersKey, []ownerClaim{claim})
	return wrap("mark "+item.Record.HaVIPID+" as deleted", err)
}

// ownersKey is the hash of the owners of all HaVIPs. A HaVIP's ID is unique in BCE. The owner must not depend on how a lane
// is called or where it sends: two lanes may reach the same place, and a lane's endpoint may change.
const ownersKey = "havip:owners"

// ownerDeleted follows an owner and its lane if the HaVIP was deleted by rollback.
const ownerDeleted = "deleted"

// laneOf returns the lane of a HaVIP's owner, and whether rollback deleted the HaVIP.
func laneOf(owner string) (lane string, deleted bool) {
	_, fields := decodeOwnerWith(owner)
	if len(fields) == 0 {
		return "", false
	}
	return fields[0], slices.Contains(fields[1:], ownerDeleted)
}

func (i Item) lane() string { return i.Account + "/" + i.Region }
