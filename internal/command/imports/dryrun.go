package imports

import (
	"havip/internal/render"
	"havip/tasks"
)

// row is a HaVIP that would be imported, as -o json and ndjson show it. The columns of CSV have the names that input files use.
type row struct {
	Batch string `json:"batch"`
	Key   string `json:"key"`
	// Line is that of the file; 0 with --where.
	Line    int    `json:"line"`
	HaVIPID string `json:"haVipId"`
	Name    string `json:"name"`
	// PrivateIPAddress is the HaVIP's, also if the file's row leaves it out.
	SubnetID         string `json:"subnetId"`
	PrivateIPAddress string `json:"privateIpAddress"`
	Description      string `json:"description"`
	Account          string `json:"account"`
	Region           string `json:"region"`
}

func rowOf(batch string, e tasks.Existing) row {
	item := e.Row.Item
	return row{
		Batch: batch, Key: item.Key, Line: e.Row.Line, HaVIPID: e.HaVIP.ID,
		Name: e.HaVIP.Name, SubnetID: e.HaVIP.SubnetID, PrivateIPAddress: e.HaVIP.PrivateIPAddress,
		Description: item.Request.Description, Account: item.Account, Region: item.Region,
	}
}

func list() render.List[row] {
	return render.List[row]{
		Lines: true,
		Columns: []render.Column[row]{
			{Name: "batch", Text: func(r row) string { return r.Batch }},
			{Name: "key", Text: func(r row) string { return r.Key }},
			{Name: "line", Number: func(r row) int64 { return int64(r.Line) }},
			{Name: "haVipId", Head: "HAVIP", Text: func(r row) string { return r.HaVIPID }},
			{Name: "name", Text: func(r row) string { return r.Name }},
			{Name: "subnetId", Head: "SUBNET", Text: func(r row) string { return r.SubnetID }},
			{Name: "privateIpAddress", Head: "ADDRESS", Text: func(r row) string { return r.PrivateIPAddress }, Compare: render.CompareAddresses},
			{Name: "description", Text: func(r row) string { return r.Description }},
			{Name: "account", Text: func(r row) string { return r.Account }},
			{Name: "region", Text: func(r row) string { return r.Region }},
			{Name: "lane", Text: func(r row) string { return r.Account + "/" + r.Region }, Derived: true},
		},
		Table:    []string{"key", "name", "haVipId", "privateIpAddress", "subnetId", "lane"},
		Flexible: "name", Dispensable: []string{"lane"}, Folded: []string{"subnetId"},
	}
}
