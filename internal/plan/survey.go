package plan

import (
	"context"
	"fmt"

	"havip/bce"
	"havip/internal/audit"
	"havip/ledger"
	"havip/tasks"
)

// Cloud reads a lane in BCE; [*bce.Client] implements it.
type Cloud interface {
	audit.Cloud
	GetSubnet(ctx context.Context, subnetID string) (*bce.GetSubnetOutput, error)
}

// Owners returns the owners of HaVIPs; [*ledger.Ledger] implements it.
type Owners interface {
	Owners(ctx context.Context, haVIPIDs []string) (map[string]ledger.Owner, error)
}

// Survey reads what exists in BCE: each lane's listing and each subnet once, when the first row needs it.
// A lane without rows to create is not read and needs no credentials. A Survey is for one goroutine at
// a time. Open and Owners are required.
type Survey struct {
	// Open returns the client of a lane.
	Open   func(ctx context.Context, lane tasks.Lane) (Cloud, error)
	Owners Owners
	// Lists reads the pages of a lane's listing, and Subnets its subnets; nil means with the zero [tasks.Reader].
	Lists, Subnets func(lane tasks.Lane) tasks.Reader
	// Listing, if set, is called after each page with the number of HaVIPs listed so far, and whether
	// the listing is complete.
	Listing func(lane tasks.Lane, haVIPs int, all bool)

	lanes map[tasks.Lane]*surveyed
}

// surveyed is a listed lane and its client.
type surveyed struct {
	view  *laneView
	api   Cloud
	reads tasks.Reader
}

// evaluate compares a row with BCE.
func (s *Survey) evaluate(ctx context.Context, self ledger.Owner, c candidate) (Concern, error) {
	item := c.Row.Item
	l, err := s.lane(ctx, tasks.Lane{Account: item.Account, Region: item.Region})
	if err == nil {
		err = l.learn(ctx, item.Request.SubnetID)
	}
	if err != nil {
		return Concern{}, err
	}
	return l.view.evaluate(self, c), nil
}

// lane lists the lane, unless it was listed before.
func (s *Survey) lane(ctx context.Context, lane tasks.Lane) (*surveyed, error) {
	if known := s.lanes[lane]; known != nil {
		return known, nil
	}
	api, err := s.Open(ctx, lane)
	if err != nil {
		return nil, err
	}
	view := newLaneView(lane)
	if err := s.list(ctx, view, api, readerOf(s.Lists, lane)); err != nil {
		return nil, fmt.Errorf("lane %s: %w", lane, err)
	}
	if s.lanes == nil {
		s.lanes = map[tasks.Lane]*surveyed{}
	}
	s.lanes[lane] = &surveyed{view: view, api: api, reads: readerOf(s.Subnets, lane)}
	return s.lanes[lane], nil
}

// list fills the view. It reads the owners of a page's HaVIPs after the page, so that every HaVIP on the
// page that is an item's has its owner already.
func (s *Survey) list(ctx context.Context, view *laneView, api Cloud, reads tasks.Reader) error {
	for page, err := range reads.Pages(ctx, api) {
		if err != nil {
			return err
		}
		var ids []string
		for _, h := range page.HaVIPs {
			if view.Add(h) {
				ids = append(ids, h.ID)
			}
		}
		owners, err := s.Owners.Owners(ctx, ids)
		if err != nil {
			return err
		}
		for id, owner := range owners {
			view.owners[id] = owner
		}
		if s.Listing != nil {
			s.Listing(view.lane, view.Len(), page.NextMarker == "")
		}
	}
	return nil
}

// learn reads a subnet, unless it was read before.
func (l *surveyed) learn(ctx context.Context, id string) error {
	if l.view.subnets[id] != nil {
		return nil
	}
	err := l.reads.Read(ctx, func(ctx context.Context) error {
		out, err := l.api.GetSubnet(ctx, id)
		if err == nil {
			l.view.subnets[id] = subnetOf(id, out.Subnet)
		}
		return err
	})
	if audit.NotFound(err) {
		l.view.subnets[id], err = &subnet{id: id, missing: true}, nil
	}
	if err != nil {
		return fmt.Errorf("lane %s: %w", l.view.lane, err)
	}
	return nil
}

// Endpoint returns the endpoint at which a lane was read; "" if it was not.
func (s *Survey) Endpoint(lane tasks.Lane) string {
	if read := s.lanes[lane]; read != nil {
		return read.api.Endpoint()
	}
	return ""
}

func readerOf(readers func(tasks.Lane) tasks.Reader, lane tasks.Lane) tasks.Reader {
	if readers == nil {
		return tasks.Reader{}
	}
	return readers(lane)
}
