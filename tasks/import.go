package tasks

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"havip/bce"
	"havip/ledger"
	"havip/lifecycle"
)

// Existing is a row with the HaVIP that exists for it already.
type Existing struct {
	Row   Row
	HaVIP bce.HaVIP
}

// ImportRefusal says why a row cannot be imported.
type ImportRefusal struct {
	Row Row
	Why string
}

func (r ImportRefusal) Error() string { return fmt.Sprintf("item %q: %s", r.Row.Item.Key, r.Why) }

// Importer records HaVIPs that exist already as the results of a batch's items, which are adopted from the start. It sends
// nothing to BCE and enqueues no task. Repeating an import is safe.
type Importer struct{ Ledger *ledger.Ledger }

// Check returns those of the rows that are still to be imported, and why others cannot be: a HaVIP is the result of one item,
// and one that an unfinished item may have created is not for another item.
func (im Importer) Check(ctx context.Context, batch string, rows []Existing) (left []Existing, refused []ImportRefusal, err error) {
	if err := im.Ledger.Reserved(ctx, batch); err != nil {
		return nil, nil, err
	}
	c := importCheck{Importer: im, batch: batch, seen: map[string]string{}}
	for chunk := range slices.Chunk(rows, enqueueChunk) {
		if err := c.check(ctx, chunk); err != nil {
			return nil, nil, err
		}
	}
	return c.left, c.refused, nil
}

// Import registers the rows as adopted and commits the batch. After a crash or an error, check and import again: the batch then
// has the items that were registered, and is not incomplete, because the remedy for that, to apply the file, would create the
// others. Its error is an [ImportRefusal] if another item has taken a HaVIP or a key since the check.
func (im Importer) Import(ctx context.Context, batch string, source ledger.Source, rows []Existing) error {
	if err := im.Ledger.Reserved(ctx, batch); err != nil { // before HaVIPs are claimed
		return err
	}
	forgotten, err := im.Ledger.ForgottenGeneration(ctx, batch)
	if err != nil {
		return err
	}
	source.Whole = true
	for chunk := range slices.Chunk(rows, enqueueChunk) {
		if err := im.claim(ctx, batch, forgotten, chunk); err != nil {
			return err
		}
		if err := im.register(ctx, batch, source, chunk); err != nil {
			return err
		}
	}
	return im.Ledger.Commit(ctx, batch)
}

// claim makes the items the owners of their HaVIPs and requests, before they are registered.
func (im Importer) claim(ctx context.Context, batch string, forgotten int, rows []Existing) error {
	requests := make([]Row, len(rows))
	for i, e := range rows {
		requests[i] = e.Row
	}
	if err := NewComparer(im.Ledger).claimRequests(ctx, batch, requests, false); err != nil {
		return err
	}
	items := make([]ledger.Item, len(rows))
	for i, e := range rows {
		items[i] = ledger.Item{Batch: batch, Spec: specOf(batch, e.Row), Record: ledger.Record{HaVIPID: e.HaVIP.ID, ForgottenGeneration: forgotten}}
	}
	owners, err := im.Ledger.TakeHaVIPs(ctx, items)
	if err != nil {
		return err
	}
	for i, item := range items {
		if owners[i] != item.Owner() {
			return ImportRefusal{rows[i].Row, ownedBy(rows[i].HaVIP.ID, owners[i])}
		}
	}
	return nil
}

// Owners returns which items own these HaVIPs and keep them. What a deleted batch left behind can be imported.
func (im Importer) Owners(ctx context.Context, haVIPIDs []string) (map[string]ledger.Owner, error) {
	owners, err := im.Ledger.Owners(ctx, haVIPIDs)
	if err != nil {
		return nil, err
	}
	deleted, err := im.Ledger.OfDeletedBatches(ctx, slices.Collect(maps.Values(owners)))
	maps.DeleteFunc(owners, func(_ string, owner ledger.Owner) bool { return deleted[owner] })
	return owners, err
}

func (im Importer) register(ctx context.Context, batch string, source ledger.Source, rows []Existing) error {
	specs := make([]ledger.Spec, len(rows))
	for i, e := range rows {
		specs[i] = specOf(batch, e.Row)
		specs[i].HaVIPID, specs[i].HaVIPAddress = e.HaVIP.ID, e.HaVIP.PrivateIPAddress
	}
	answers, err := im.Ledger.Register(ctx, batch, source, specs)
	if err != nil {
		return err
	}
	for i, answer := range answers {
		if answer.Result == lifecycle.RegisteredConflict || answer.State != ledger.Adopted {
			return ImportRefusal{rows[i].Row, fmt.Sprintf("the batch has an item of that key by now, which is %s", answer.State)}
		}
	}
	return nil
}

func ownedBy(haVIPID string, owner ledger.Owner) string {
	return fmt.Sprintf("%s is the result of item %q of batch %q", haVIPID, owner.Key, owner.Batch)
}

// importCheck is one run of [Importer.Check].
type importCheck struct {
	Importer
	batch string
	// seen are the keys of earlier rows, by their HaVIPs.
	seen    map[string]string
	left    []Existing
	refused []ImportRefusal
}

func (c *importCheck) check(ctx context.Context, rows []Existing) error {
	registered, err := c.registered(ctx, rows)
	if err != nil {
		return err
	}
	ids := make([]string, len(rows))
	for i, e := range rows {
		ids[i] = e.HaVIP.ID
	}
	owners, err := c.Owners(ctx, ids)
	if err != nil {
		return err
	}
	claimants, err := c.claimants(ctx, rows)
	if err != nil {
		return err
	}
	for i, e := range rows {
		why, done := c.refusal(e, registered[e.Row.Item.Key], owners[e.HaVIP.ID], claimants[i])
		switch {
		case why != "":
			c.refused = append(c.refused, ImportRefusal{e.Row, why})
		case !done:
			c.left = append(c.left, e)
		}
		c.seen[e.HaVIP.ID] = e.Row.Item.Key
	}
	return nil
}

// refusal returns why the row cannot be imported, or whether it is imported already.
func (c *importCheck) refusal(e Existing, registered *ledger.Item, owner ledger.Owner, claimant *requestOwner) (why string, done bool) {
	key := e.Row.Item.Key
	switch other, twice := c.seen[e.HaVIP.ID]; {
	case twice:
		return fmt.Sprintf("%s matches item %q as well", e.HaVIP.ID, other), false
	case registered != nil && registered.Record.HaVIPID == e.HaVIP.ID && registered.Record.State.Succeeded():
		return "", true
	case registered != nil:
		return fmt.Sprintf("the batch has an item of that key, which is %s and not %s", registered.Record.State, e.HaVIP.ID), false
	case owner != (ledger.Owner{}) && (owner.Batch != c.batch || owner.Key != key):
		return ownedBy(e.HaVIP.ID, owner), false
	case claimant != nil:
		return claimant.Why() + "; import when it has ended, since it may have created " + e.HaVIP.ID, false
	case e.HaVIP.PrivateIPAddress == "":
		return fmt.Sprintf("BCE does not show the address of %s; try again later", e.HaVIP.ID), false
	}
	return "", false
}

// registered reads the batch's items that have the keys of the rows.
func (c *importCheck) registered(ctx context.Context, rows []Existing) (map[string]*ledger.Item, error) {
	keys := make([]string, len(rows))
	for i, e := range rows {
		keys[i] = e.Row.Item.Key
	}
	items, err := c.Ledger.Some(ctx, c.batch, keys)
	found := map[string]*ledger.Item{}
	for i := range items {
		found[items[i].Key] = &items[i]
	}
	return found, err
}

// claimants returns, for each row, the unfinished item that requests its HaVIP, by name and subnet, with the HaVIP's address
// or any; nil if there is none.
func (c *importCheck) claimants(ctx context.Context, rows []Existing) ([]*requestOwner, error) {
	claims := make([]ledger.RequestClaim, 0, 2*len(rows))
	for _, e := range rows {
		item := e.Row.Item
		for _, address := range []string{e.HaVIP.PrivateIPAddress, ""} {
			item.Request.PrivateIPAddress = address
			claims = append(claims, requestClaim(c.batch, item))
		}
	}
	owners, err := c.Ledger.RequestOwners(ctx, claims)
	if err != nil {
		return nil, err
	}
	keys := map[string][]string{} // of owners, by batch
	for _, owner := range owners {
		if owner.Owner != (ledger.Owner{}) {
			keys[owner.Batch] = append(keys[owner.Batch], owner.Key)
		}
	}
	items := map[ledger.Owner]requestOwner{}
	for batch, some := range keys {
		found, err := NewComparer(c.Ledger).requestOwners(ctx, batch, some)
		if err != nil {
			return nil, err
		}
		for key, s := range found {
			items[ledger.Owner{Batch: batch, Key: key}] = s
		}
	}
	claimants := make([]*requestOwner, len(rows))
	for i, owner := range owners {
		s, found := items[ledger.Owner{Batch: owner.Batch, Key: owner.Key}]
		if found && s.requests(claims[i].Digest) && !s.State.Terminal() {
			claimants[i/2] = &s
		}
	}
	return claimants, nil
}
