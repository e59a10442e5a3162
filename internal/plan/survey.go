package plan

import (
	"context"
	"fmt"

	"havip/bce"
	"havip/internal/audit"
	"havip/ledger"
	"havip/tasks"
)

// Cloud is what is read of a lane in BCE; [*bce.Client] is one.
type Cloud interface {
	audit.Cloud
	GetSubnet(ctx context.Context, subnetID string) (*bce.GetSubnetOutput, error)
}

// Owners tells whose HaVIPs are; [*ledger.Ledger] is one.
type Owners interface {
	Owners(ctx context.Context, lane string, haVIPIDs []string) (map[string]ledger.Owner, error)
}

// Survey reads what exists in BCE: a listing a lane, and each subnet once, when the first row asks for
// it. A lane in which nothing is to be created is not asked about, and needs no credentials. It is for
// one goroutine at a time. Open and Owners are required.
type Survey struct {
	// Open makes the client of a lane.
	Open   func(ctx context.Context, lane tasks.Lane) (Cloud, error)
	Owners Owners
	// ListRate spaces the pages of a lane's listing, and SubnetRate its other reads; nil for no limit.
	ListRate, SubnetRate func(lane tasks.Lane) tasks.Rate
	// Listing, if set, is told after each page how many HaVIPs of the lane were listed so far, and
	// whether these are all.
	Listing func(lane tasks.Lane, haVIPs int, all bool)

	lanes map[tasks.Lane]*surveyed
}

// surveyed is a lane that was listed, and how more of it is read.
type surveyed struct {
	view  *laneView
	api   Cloud
	reads tasks.Reader
}

// judge says what BCE means for a row.
func (s *Survey) judge(ctx context.Context, self ledger.Owner, c candidate) (Concern, error) {
	item := c.Row.Item
	l, err := s.lane(ctx, tasks.Lane{Account: item.Account, Region: item.Region})
	if err == nil {
		err = l.learn(ctx, item.Request.SubnetID)
	}
	if err != nil {
		return Concern{}, err
	}
	return l.view.judge(self, c), nil
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
	if err := s.list(ctx, view, api, tasks.Reader{Rate: rateOf(s.ListRate, lane)}); err != nil {
		return nil, fmt.Errorf("lane %s: %w", lane, err)
	}
	if s.lanes == nil {
		s.lanes = map[tasks.Lane]*surveyed{}
	}
	s.lanes[lane] = &surveyed{view: view, api: api, reads: tasks.Reader{Rate: rateOf(s.SubnetRate, lane)}}
	return s.lanes[lane], nil
}

// list fills the view. Whose the HaVIPs of a page are is asked after the page was read: one that is
// created meanwhile then has its owner, or is not on the page.
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
		owners, err := s.Owners.Owners(ctx, view.lane.String(), ids)
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

func rateOf(rates func(tasks.Lane) tasks.Rate, lane tasks.Lane) tasks.Rate {
	if rates == nil {
		return nil
	}
	return rates(lane)
}
