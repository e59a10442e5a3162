package ledger

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/lifecycle"
)

// Adopt records that a HaVIP which exists already is the item's: a request under the given
// clientToken created it, and the answer was lost, or all knowledge of the request. It applies only
// while no other was begun since the caller saw the record, and the doubt that it saw, if it saw one,
// still stands. The HaVIP must have been claimed for the item first; see [Ledger.ClaimHaVIP].
func (l *Ledger) Adopt(ctx context.Context, batch, key string, seen Record, haVIPID, address string) (Verdict, Record, error) {
	return transition(ctx, l, "adopt", batch, key, noEntry, func(s lifecycle.Snapshot) (lifecycle.Found, lifecycle.Change) {
		return lifecycle.Adopt(s, seen, haVIPID, address)
	})
}

func flag(set bool) int {
	if set {
		return 1
	}
	return 0
}

// Renew gives an item its next clientToken. The caller has proof that the one of the record it saw
// created nothing and cannot any more; why names the proof, for the batch's events. Where a person wants
// the item canceled, the same proof cancels it, and the answer is Withdrawn.
func (l *Ledger) Renew(ctx context.Context, batch, key string, seen Record, next, why string) (Verdict, Record, error) {
	return transition(ctx, l, "renew", batch, key, noEntry, func(s lifecycle.Snapshot) (lifecycle.Found, lifecycle.Change) {
		return lifecycle.Renew(s, seen, next, why)
	})
}

// Absence is the answer to [Ledger.RecordAbsence].
type Absence struct {
	Result lifecycle.Absence
	// Wait is how long to wait before the next lookup, when Result is [lifecycle.AbsenceAgain].
	Wait time.Duration
	// Record is the one that stands afterwards.
	Record Record
}

// RecordAbsence notes that a complete listing does not show the HaVIP of an item of unknown outcome; see
// [lifecycle.RecordAbsence].
func (l *Ledger) RecordAbsence(ctx context.Context, batch, key string, seen Record, o lifecycle.AbsenceTerms) (Absence, error) {
	var a Absence
	d, err := l.update(ctx, batch, key, noEntry, func(s lifecycle.Snapshot) (c lifecycle.Change) {
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

// SomeHaVIPs answers up to n HaVIPs of a lane at random that items own, or owned before they were deleted.
func (l *Ledger) SomeHaVIPs(ctx context.Context, lane string, n int) ([]string, error) {
	some, err := l.rdb.HRandField(ctx, ownersOf(lane), n).Result()
	if err != nil {
		return nil, fmt.Errorf("some HaVIPs of lane %s: %w", lane, err)
	}
	var ids []string
	err = l.owners(ctx, lane, some, func(id string, _ Owner, account string) {
		if account == accountOf(lane) {
			ids = append(ids, id)
		}
	})
	return ids, err
}

// ClaimHaVIP makes the item the owner of a HaVIP unless another item is, and returns the owner:
// one HaVIP is never two items' result, whatever their lanes are called: two names may stand for one account.
// Lane is "account/region". Claiming comes before recording, so that what is recorded is always owned; claiming
// again is fine.
func (l *Ledger) ClaimHaVIP(ctx context.Context, lane, haVIPID string, claim Owner) (owner Owner, err error) {
	standing, err := claimScript.Run(ctx, l.rdb, []string{ownersOf(lane)}, haVIPID, claim.encodeIn(accountOf(lane))).Text()
	if err != nil {
		return Owner{}, itemError("claim "+haVIPID+" for", claim.Batch, claim.Key, err)
	}
	return decodeOwner(standing), nil
}

// Owners tells which items own these HaVIPs of a lane's region; those that nobody owns are left out.
func (l *Ledger) Owners(ctx context.Context, lane string, haVIPIDs []string) (map[string]Owner, error) {
	owners := make(map[string]Owner, len(haVIPIDs))
	err := l.owners(ctx, lane, haVIPIDs, func(id string, owner Owner, _ string) { owners[id] = owner })
	return owners, err
}

// OwnsAny reports whether items of the lane itself own any of these HaVIPs.
func (l *Ledger) OwnsAny(ctx context.Context, lane string, haVIPIDs []string) (own bool, err error) {
	err = l.owners(ctx, lane, haVIPIDs, func(_ string, _ Owner, account string) { own = own || account == accountOf(lane) })
	return own, err
}

func (l *Ledger) owners(ctx context.Context, lane string, haVIPIDs []string, found func(id string, owner Owner, account string)) error {
	if len(haVIPIDs) == 0 {
		return nil
	}
	values, err := l.rdb.HMGet(ctx, ownersOf(lane), haVIPIDs...).Result()
	if err != nil {
		return fmt.Errorf("owners in lane %s: %w", lane, err)
	}
	for i, value := range values {
		if text, ok := value.(string); ok {
			owner, account := decodeOwnerIn(text)
			found(haVIPIDs[i], owner, account)
		}
	}
	return nil
}

// claimScript needs no prelude: it changes no batch.
var claimScript = redis.NewScript(source("claim"))

// ownersOf are the owners in a lane's region.
func ownersOf(lane string) string {
	_, region, _ := strings.Cut(lane, "/")
	return "havip:owners:" + region
}

func accountOf(lane string) string {
	account, _, _ := strings.Cut(lane, "/")
	return account
}
