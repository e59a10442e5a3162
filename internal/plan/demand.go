package plan

import (
	"cmp"
	"slices"

	"havip/tasks"
)

// Demand is how many addresses the rows of a file need of a subnet.
type Demand struct {
	Account  string `json:"account"`
	Region   string `json:"region"`
	SubnetID string `json:"subnetId"`
	// Exists is false if BCE has no such subnet.
	Exists bool `json:"exists"`
	// Wanted counts the addresses that rows need and could get, and Free the free ones, nil if unknown.
	Wanted int  `json:"wanted"`
	Free   *int `json:"free"`
}

// Lane is the subnet's lane.
func (d Demand) Lane() tasks.Lane { return tasks.Lane{Account: d.Account, Region: d.Region} }

// Short reports whether rows need more addresses than are free.
func (d Demand) Short() bool { return d.Free != nil && d.Wanted > *d.Free }

// Demands returns the demand for each subnet of the evaluated rows, in order of lane and ID.
func (s *Survey) Demands() []Demand {
	demands := []Demand{}
	for lane, l := range s.lanes {
		for id, subnet := range l.view.subnets {
			demands = append(demands, Demand{
				Account: lane.Account, Region: lane.Region, SubnetID: id,
				Exists: !subnet.missing, Wanted: subnet.wanted, Free: subnet.free,
			})
		}
	}
	slices.SortFunc(demands, func(a, b Demand) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region), cmp.Compare(a.SubnetID, b.SubnetID))
	})
	return demands
}
