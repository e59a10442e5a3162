package tasks

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"havip/ledger"
	"havip/lifecycle"
)

// Duplicate is another item with the same request: the same name, subnet and address. Its HaVIP exists or may still be
// created, so that a further item with that request most likely creates it twice.
type Duplicate struct {
	Batch, Key string
	// SameBatch is true if it is in the row's own batch, under another key. A file may ask for several HaVIPs of one name, so
	// it is no reason to refuse the row; but if only the key was changed, the HaVIP is created twice.
	SameBatch bool
	// BatchDeleted is true if the batch was deleted after it had ended. Its HaVIP may have been deleted since; the ledger does not
	// know.
	BatchDeleted bool
	// State is "" if the item's data cannot be read, or is deleted.
	State ledger.State
	// HaVIPID is "" if the item has none, or was left for review.
	HaVIPID string

	address string
}

// Why describes the duplicate.
func (d Duplicate) Why() string {
	if d.BatchDeleted {
		left := "left for review"
		if d.HaVIPID != "" {
			left = d.HaVIPID + " stayed"
		}
		return fmt.Sprintf("item %q of batch %q requested the same HaVIP (%s when the record of the batch was deleted)", d.Key, d.Batch, left)
	}
	state := cmp.Or(string(d.State), "its data in Redis cannot be read")
	if d.HaVIPID != "" {
		state += " as " + d.HaVIPID
	}
	if d.SameBatch {
		return fmt.Sprintf("item %q of this batch requests the same HaVIP (%s)", d.Key, state)
	}
	return fmt.Sprintf("item %q of batch %q requests the same HaVIP (%s)", d.Key, d.Batch, state)
}

// DuplicateError says that an item was not registered because it has a [Duplicate].
type DuplicateError struct {
	Key       string
	Duplicate Duplicate
}

func (e *DuplicateError) Error() string { return fmt.Sprintf("item %q: %s", e.Key, e.Duplicate.Why()) }

// requestClaim claims the row's request for its item.
func requestClaim(batch string, item Item) ledger.RequestClaim {
	r := item.Request
	sum := sha256.Sum256([]byte(r.Name + "\x00" + r.SubnetID + "\x00" + r.PrivateIPAddress))
	return ledger.RequestClaim{
		Digest: hex.EncodeToString(sum[:12]), Owner: ledger.RequestOwner{Owner: ledger.Owner{Batch: batch, Key: item.Key}},
	}
}

func requestClaims(batch string, rows []Row) []ledger.RequestClaim {
	claims := make([]ledger.RequestClaim, len(rows))
	for i, row := range rows {
		claims[i] = requestClaim(batch, row.Item)
	}
	return claims
}

// findDuplicates sets the duplicate of each comparison whose item would be new.
func (p *Producer) findDuplicates(ctx context.Context, batch string, comparisons []Comparison) error {
	var fresh []*Comparison
	var claims []ledger.RequestClaim
	for i := range comparisons {
		if c := &comparisons[i]; c.Result == lifecycle.RegisteredNew {
			fresh, claims = append(fresh, c), append(claims, requestClaim(batch, c.Row.Item))
		}
	}
	owners, err := p.ledger.RequestOwners(ctx, claims)
	if err != nil {
		return err
	}
	found, err := p.duplicates(ctx, claims, owners)
	for i, duplicate := range found {
		fresh[i].Duplicate = duplicate
	}
	if err != nil {
		return err
	}
	return p.findChosen(ctx, batch, fresh)
}

// findChosen adds its duplicate to each comparison that requests the address which BCE assigned to another batch's
// item. This happens when the results of that batch are applied under another name.
func (p *Producer) findChosen(ctx context.Context, batch string, fresh []*Comparison) error {
	fresh = slices.DeleteFunc(slices.Clone(fresh), func(c *Comparison) bool {
		return c.Duplicate != nil || c.Row.Item.Request.PrivateIPAddress == ""
	})
	claims := make([]ledger.RequestClaim, len(fresh))
	for i, c := range fresh {
		item := c.Row.Item
		item.Request.PrivateIPAddress = ""
		claims[i] = requestClaim(batch, item)
	}
	owners, err := p.ledger.RequestOwners(ctx, claims)
	if err != nil {
		return err
	}
	found, err := p.duplicates(ctx, claims, owners)
	for i, duplicate := range found {
		if duplicate.address == fresh[i].Row.Item.Request.PrivateIPAddress {
			fresh[i].Duplicate = duplicate
		}
	}
	return err
}

// claimRequests claims the rows' requests. With refuse, it returns a [*DuplicateError] about the first new row that has a
// duplicate; otherwise the duplicate keeps its claim, unless its batch was deleted.
func (p *Producer) claimRequests(ctx context.Context, batch string, rows []Row, refuse bool) error {
	for left := requestClaims(batch, rows); len(left) > 0; {
		owners, err := p.ledger.ClaimRequests(ctx, left)
		if err != nil {
			return err
		}
		found, err := p.duplicates(ctx, left, owners)
		if err == nil && len(found) > 0 { // before claims of an archived batch are replaced
			err = p.ledger.Reserved(ctx, batch)
		}
		if err == nil && refuse {
			err = p.refuseNew(ctx, batch, rows, left, found)
		}
		if err != nil {
			return err
		}
		var ended []ledger.RequestClaim
		for i, claim := range left {
			if duplicate := found[i]; duplicate == nil && owners[i].Batch != batch || duplicate != nil && duplicate.BatchDeleted {
				claim.Replace = owners[i]
				ended = append(ended, claim)
			}
		}
		left = ended
	}
	return nil
}

// refuseNew returns the error about the first row with a duplicate that is not registered yet.
func (p *Producer) refuseNew(ctx context.Context, batch string, rows []Row, claims []ledger.RequestClaim, found map[int]*Duplicate) error {
	duplicates := map[string]*Duplicate{}
	for i, duplicate := range found {
		if !duplicate.SameBatch {
			duplicates[claims[i].Owner.Key] = duplicate
		}
	}
	if len(duplicates) == 0 {
		return nil
	}
	answers, err := p.ledger.Compare(ctx, batch, specsOf(batch, rows))
	if err != nil {
		return err
	}
	for i, row := range rows {
		if duplicate := duplicates[row.Item.Key]; duplicate != nil && answers[i].Result == lifecycle.RegisteredNew {
			return &DuplicateError{Key: row.Item.Key, Duplicate: *duplicate}
		}
	}
	return nil
}

// duplicates returns, by index, the claims whose owner is another item that has the request and has or may still get a
// HaVIP, or an item of any batch that left it when the batch was deleted.
func (p *Producer) duplicates(ctx context.Context, claims []ledger.RequestClaim, owners []ledger.RequestOwner) (map[int]*Duplicate, error) {
	found, err := p.leftBehind(ctx, owners)
	if err != nil {
		return nil, err
	}
	others := map[string][]int{} // indexes of the claims by their owners' batch
	for i, owner := range owners {
		self := owner.Batch == claims[i].Owner.Batch && owner.Key == claims[i].Owner.Key
		if found[i] == nil && owner.Owner != (ledger.Owner{}) && !self {
			others[owner.Batch] = append(others[owner.Batch], i)
		}
	}
	for batch, places := range others {
		keys := make([]string, len(places))
		for n, i := range places {
			keys[n] = owners[i].Key
		}
		byKey, err := p.requestOwners(ctx, batch, keys)
		if err != nil {
			return nil, err
		}
		for _, i := range places {
			if s := byKey[owners[i].Key]; s.requests(claims[i].Digest) {
				s.SameBatch = batch == claims[i].Owner.Batch
				found[i] = &s.Duplicate
			}
		}
	}
	return found, nil
}

// leftBehind returns, by index, the owners whose batches were deleted and that left a HaVIP.
func (p *Producer) leftBehind(ctx context.Context, owners []ledger.RequestOwner) (map[int]*Duplicate, error) {
	var leaving []ledger.Owner
	for _, owner := range owners {
		if owner.Left != nil {
			leaving = append(leaving, owner.Owner)
		}
	}
	found := map[int]*Duplicate{}
	if len(leaving) == 0 {
		return found, nil
	}
	deleted, err := p.ledger.OfDeletedBatches(ctx, leaving)
	if err != nil {
		return nil, err
	}
	for i, owner := range owners {
		if owner.Left != nil && deleted[owner.Owner] {
			found[i] = &Duplicate{
				Batch: owner.Batch, Key: owner.Key, BatchDeleted: true, HaVIPID: owner.Left.HaVIPID, address: owner.Left.Address,
			}
		}
	}
	return found, nil
}

// LeaveBehind records, for the time after the batch is deleted, which HaVIPs its items leave: a later row with the same request
// is then a [Duplicate]. Until the batch is deleted, it changes nothing, and it can be repeated: it replaces what an earlier
// call recorded if the batch was not deleted then. Unreadable items are left out.
func LeaveBehind(ctx context.Context, l *ledger.Ledger, batch string) error {
	var claims []ledger.RequestClaim
	leave := func() error {
		err := leaveBehind(ctx, l, claims)
		claims = claims[:0]
		return err
	}
	for item, err := range l.Items(ctx, batch) {
		if damaged := (*ledger.UnreadableError)(nil); errors.As(err, &damaged) {
			continue
		}
		if err != nil {
			return err
		}
		if request, err := RequestOf(item.Spec); err == nil {
			claims = append(claims, leavingClaim(item, request))
		}
		if len(claims) == enqueueChunk {
			if err := leave(); err != nil {
				return err
			}
		}
	}
	return leave()
}

// leaveBehind replaces what the items themselves own. Of requests without an owner, it claims those that leave a HaVIP.
func leaveBehind(ctx context.Context, l *ledger.Ledger, claims []ledger.RequestClaim) error {
	owners, err := l.RequestOwners(ctx, claims)
	if err != nil {
		return err
	}
	var own []ledger.RequestClaim
	for i, claim := range claims {
		none, left := owners[i].Owner == (ledger.Owner{}), claim.Owner.Left != nil
		itself := owners[i].Batch == claim.Owner.Batch && owners[i].Key == claim.Owner.Key
		if itself && (left || owners[i].Left != nil) || none && left {
			claim.Replace = owners[i]
			own = append(own, claim)
		}
	}
	_, err = l.ClaimRequests(ctx, own)
	return err
}

// leavingClaim returns the claim of an item, with the HaVIP that it leaves, or may, when its batch is deleted.
func leavingClaim(item ledger.Item, request Request) ledger.RequestClaim {
	claim := requestClaim(item.Batch, Item{Key: item.Key, Request: request})
	if !noHaVIP(item.Record.State) {
		claim.Owner = ledger.RequestOwner{
			Owner: item.Owner(), Left: &ledger.LeftBehind{HaVIPID: item.Record.HaVIPID, Address: item.Record.PrivateIPAddress},
		}
	}
	return claim
}

// noHaVIP reports whether an item in that state has no HaVIP and gets none.
func noHaVIP(state ledger.State) bool {
	return state == ledger.Rejected || state == ledger.Canceled || state == ledger.Deleted
}

// requestOwner is an item that owns a request, with its current state.
type requestOwner struct {
	Duplicate
	// digest is that of its request; "" if that cannot be read.
	digest string
}

// requests reports whether the item has or may get the HaVIP of that request. A later item with the same key may
// request another one.
func (s requestOwner) requests(digest string) bool {
	return !noHaVIP(s.State) && s.Key != "" && (s.digest == "" || s.digest == digest)
}

// requestOwners reads items of a batch, without those that are not registered.
func (p *Producer) requestOwners(ctx context.Context, batch string, keys []string) (map[string]requestOwner, error) {
	items, err := p.ledger.Some(ctx, batch, keys)
	var damaged *ledger.UnreadableError
	if err != nil && !errors.As(err, &damaged) {
		return nil, err
	}
	found := make(map[string]requestOwner, len(items))
	if damaged != nil {
		for key := range damaged.Faults {
			found[key] = requestOwner{Duplicate: Duplicate{Batch: batch, Key: key}}
		}
	}
	for _, item := range items {
		s := requestOwner{Duplicate: Duplicate{Batch: batch, Key: item.Key, State: item.Record.State, HaVIPID: item.Record.HaVIPID, address: item.Record.PrivateIPAddress}}
		if request, err := RequestOf(item.Spec); err == nil {
			s.digest = requestClaim(batch, Item{Key: item.Key, Request: request}).Digest
		}
		found[item.Key] = s
	}
	return found, nil
}
