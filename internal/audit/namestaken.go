package audit

import (
	"context"
	"errors"
	"fmt"

	"havip/bce"
	"havip/internal/words"
	"havip/ledger"
	"havip/tasks"
)

// pagesLooked limits the pages of a lane's listing that are searched: a page has a thousand HaVIPs and takes a second.
const pagesLooked = 20

// namesTaken looks for HaVIPs that have the name and subnet of an item that was never sent, and that this ledger did not
// create. It lists only lanes with such items.
func (x *examination) namesTaken(ctx context.Context) error {
	if x.Open == nil {
		return nil
	}
	unsent, err := x.unsent(ctx)
	if err != nil {
		return err
	}
	for _, lane := range x.lanes {
		if len(unsent[lane]) == 0 {
			continue
		}
		api, err := x.Open(ctx, lane)
		if err != nil {
			continue // the check of the lane's credentials reports it
		}
		taken, err := x.taken(ctx, lane, api, unsent[lane])
		var refused *bce.Error
		switch {
		case errors.As(err, &refused):
			continue // likewise
		case err != nil:
			return err
		}
		if err := x.tellTaken(lane, taken); err != nil {
			return err
		}
	}
	return nil
}

// unsent returns the unfinished items that were never sent, by lane and request.
func (x *examination) unsent(ctx context.Context) (map[tasks.Lane]map[place]ledger.Owner, error) {
	found := map[tasks.Lane]map[place]ledger.Owner{}
	_, err := x.unfinished(ctx, 0, func(_ string, items []ledger.Item) error {
		for _, item := range items {
			request, err := tasks.RequestOf(item.Spec)
			if err != nil || item.Record.Sends > 0 || item.Record.State.Terminal() {
				continue // x.records reports unreadable ones
			}
			lane := tasks.LaneOf(item)
			if found[lane] == nil {
				found[lane] = map[place]ledger.Owner{}
			}
			found[lane][place{subnetID: request.SubnetID, name: request.Name}] = item.Owner()
		}
		return nil
	})
	return found, err
}

// taken lists a lane, and returns each such HaVIP with the item that it matches.
func (x *examination) taken(ctx context.Context, lane tasks.Lane, api Cloud, unsent map[place]ledger.Owner) ([]string, error) {
	var taken []string
	pages := 0
	for page, err := range readerOf(x.Reader, lane).Pages(ctx, api) {
		if err != nil {
			return nil, err
		}
		items := map[string]ledger.Owner{}
		var ids []string
		for _, h := range page.HaVIPs {
			if item, asked := unsent[place{subnetID: h.SubnetID, name: h.Name}]; asked {
				items[h.ID], ids = item, append(ids, h.ID)
			}
		}
		owners, err := x.ledger.Owners(ctx, ids)
		if err != nil {
			return nil, err
		}
		for _, id := range ids {
			if _, owned := owners[id]; !owned {
				taken = append(taken, fmt.Sprintf("%s has the name and subnet of item %q of batch %q", id, items[id].Key, items[id].Batch))
			}
		}
		if pages++; pages == pagesLooked {
			break
		}
	}
	return taken, nil
}

func (x *examination) tellTaken(lane tasks.Lane, taken []string) error {
	if len(taken) == 0 {
		return nil
	}
	return x.report(warning(CodeNameTaken, "lane "+lane.String(), "%s that this ledger did not create: %s.",
		words.Count(len(taken), "HaVIP exists", "HaVIPs exist"), examples(taken)).
		meaning("The items were not sent yet. Each will create another HaVIP, or adopt this one if another ledger created it for the same batch and key within the last 24 hours.",
			"If that is intended, do nothing. Otherwise run `enqueue cancel BATCH --where key=KEY`; then delete the HaVIP in BCE if it is a leftover, or apply the file with another --batch name for a new one."))
}
