package plan

import (
	"regexp"
	"testing"
	"time"

	"havip/bce"
	"havip/ledger"
	"havip/tasks"
)

var (
	noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	lane = tasks.Lane{Account: "default", Region: "bj"}
	self = ledger.Owner{Batch: "b", Key: "k"}
)

func havip(id, name, address string) bce.HaVIP {
	return bce.HaVIP{ID: id, Name: name, SubnetID: "sbn-1", PrivateIPAddress: address, CreatedTime: noon.Add(time.Minute)}
}

// wanted is a row for web in sbn-1; an empty address lets BCE choose.
func wanted(address string) tasks.Comparison {
	item := tasks.Item{Key: "k", Account: "default", Region: "bj", Request: tasks.Request{Name: "web", SubnetID: "sbn-1", PrivateIPAddress: address}}
	return tasks.Comparison{Row: tasks.Row{Line: 2, Item: item}}
}

// viewOf is a lane with sbn-1, 10.0.0.0/24, with free free addresses.
func viewOf(free int, havips ...bce.HaVIP) *laneView {
	v := newLaneView(lane)
	v.subnets["sbn-1"] = subnetOf("sbn-1", bce.Subnet{ID: "sbn-1", CIDR: "10.0.0.0/24", AvailableIPs: &free})
	for _, h := range havips {
		v.Add(h)
	}
	return v
}

func unknownOutcome(state ledger.State) *ledger.Record {
	return &ledger.Record{State: state, Unknown: true, Sends: 1, FirstSentAt: ledger.Millis(noon.UnixMilli())}
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	older := havip("havip-1", "web", "10.0.0.7")
	older.CreatedTime = noon.Add(-time.Hour)
	another, own := ledger.Owner{Batch: "b", Key: "other"}, self
	for name, test := range map[string]struct {
		row    tasks.Comparison
		rec    *ledger.Record
		exists []bce.HaVIP
		// owner, if not zero, owns everything that exists.
		owner ledger.Owner
		free  int
		kind  Kind
		// why is a pattern.
		why string
	}{
		"no objection":               {row: wanted(""), free: 1},
		"a free address":             {row: wanted("10.0.0.7"), free: 1},
		"the last free address":      {row: wanted("10.0.0.254"), free: 1},
		"no address left":            {row: wanted(""), kind: WouldFail, why: `^subnet sbn-1 has no free address, all needed`},
		"outside":                    {row: wanted("10.0.1.7"), free: 9, kind: WouldFail, why: `10\.0\.1\.7 is outside of subnet sbn-1 \(10\.0\.0\.0/24\); choose another`},
		"the network's address":      {row: wanted("10.0.0.0"), free: 9, kind: WouldFail, why: `is the network address of subnet sbn-1`},
		"the broadcast address":      {row: wanted("10.0.0.255"), free: 9, kind: WouldFail, why: `is the broadcast address of`},
		"a taken address":            {row: wanted("10.0.0.7"), free: 9, exists: []bce.HaVIP{havip("havip-1", "db", "10.0.0.7")}, owner: another, kind: WouldFail, why: `10\.0\.0\.7 is taken by havip-1 \("db", 10\.0\.0\.7, created 2026-01-02T12:01:00Z\)`},
		"taken by itself, meanwhile": {row: wanted("10.0.0.7"), free: 9, exists: []bce.HaVIP{havip("havip-1", "web", "10.0.0.7")}, owner: own},
		"of another subnet":          {row: wanted(""), free: 9, exists: []bce.HaVIP{{ID: "havip-1", Name: "web", SubnetID: "sbn-2"}}},
		"a namesake without owner":   {row: wanted(""), free: 9, exists: []bce.HaVIP{havip("havip-1", "web", "10.0.0.7")}, kind: Warning, why: `^a HaVIP of this name exists already in this subnet, and this ledger did not create it: havip-1 .*; apply creates another, or adopts it .*batch "b" and this key.*use another --batch .*, delete it .*, or leave the row out`},
		"a namesake, in progress":    {row: wanted(""), rec: &ledger.Record{State: ledger.Queued}, free: 9, exists: []bce.HaVIP{havip("havip-1", "web", "10.0.0.7")}, kind: Warning, why: `; the item is in progress, and creates another, or adopts it`},
		"a namesake of another item": {row: wanted(""), free: 9, exists: []bce.HaVIP{havip("havip-1", "web", "10.0.0.7")}, owner: another},
		"a namesake, in flight":      {row: wanted(""), rec: unknownOutcome(ledger.Sending), free: 9, exists: []bce.HaVIP{havip("havip-1", "web", "10.0.0.7")}},
		"its own":                    {row: wanted(""), rec: unknownOutcome(ledger.Unknown), exists: []bce.HaVIP{havip("havip-1", "web", "10.0.0.7")}, kind: WouldAdopt, why: `^outcome unknown, but its HaVIP exists: havip-1 .*; it would be adopted$`},
		"its own, suspended":         {row: wanted("10.0.0.7"), rec: unknownOutcome(ledger.Waiting), exists: []bce.HaVIP{havip("havip-1", "web", "10.0.0.7")}, kind: WouldAdopt},
		"unknown, another's":         {row: wanted(""), rec: unknownOutcome(ledger.Unknown), free: 1, exists: []bce.HaVIP{havip("havip-1", "web", "10.0.0.7")}, owner: another},
		"unknown, too old":           {row: wanted(""), rec: unknownOutcome(ledger.Unknown), exists: []bce.HaVIP{older}, kind: WouldFail, why: `it would need review$`},
		"unknown, two":               {row: wanted(""), rec: unknownOutcome(ledger.Unknown), exists: []bce.HaVIP{havip("havip-1", "web", "10.0.0.7"), havip("havip-2", "web", "10.0.0.8")}, kind: WouldFail, why: `^outcome unknown, and none of these HaVIPs is certainly its own: havip-1 .*, havip-2 .*; it would need review$`},
		"unknown, nothing there":     {row: wanted(""), rec: unknownOutcome(ledger.Unknown), free: 1},
		"unknown, subnet is full":    {row: wanted(""), rec: unknownOutcome(ledger.Unknown), kind: WouldFail, why: `no free address`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := viewOf(test.free, test.exists...)
			if test.owner != (ledger.Owner{}) {
				for _, h := range test.exists {
					v.owners[h.ID] = test.owner
				}
			}
			got := v.evaluate(self, candidate{Comparison: test.row, record: test.rec})
			if got.Kind != test.kind || !regexp.MustCompile(test.why).MatchString(got.Why) {
				t.Errorf("got %q: %s", got.Kind, got.Why)
			}
		})
	}
}

// If addresses run out, the last rows that need one fail.
func TestLastRowsAreTooMany(t *testing.T) {
	t.Parallel()
	v := viewOf(2)
	var kinds []Kind
	for _, address := range []string{"", "10.0.1.9", "10.0.0.9", "", ""} {
		kinds = append(kinds, v.evaluate(self, candidate{Comparison: wanted(address)}).Kind)
	}
	want := []Kind{"", WouldFail, "", WouldFail, WouldFail}
	for i := range want {
		if kinds[i] != want[i] {
			t.Errorf("row %d: got %q, want %q", i, kinds[i], want[i])
		}
	}
	if got := v.subnets["sbn-1"].wanted; got != 4 {
		t.Errorf("%d addresses wanted; that of the row which can have none does not count", got)
	}
}

func TestSubnetOfWhichLittleIsKnown(t *testing.T) {
	t.Parallel()
	for name, subnet := range map[string]bce.Subnet{
		"nothing":      {},
		"no CIDR":      {CIDR: "ten dot"},
		"an IPv6 CIDR": {CIDR: "2001:db8::/64"},
	} {
		s := subnetOf("sbn-1", subnet)
		if fault := s.fault("10.0.0.1"); fault != "" || !s.take() {
			t.Errorf("%s: evaluated: %q", name, fault)
		}
	}
	for cidr, faults := range map[string]map[string]bool{
		"10.0.0.1/30": {"10.0.0.0": true, "10.0.0.1": false, "10.0.0.2": false, "10.0.0.3": true, "10.0.0.4": true},
		"10.0.0.0/31": {"10.0.0.0": false, "10.0.0.1": false, "10.0.0.2": true},
		"0.0.0.0/0":   {"0.0.0.0": true, "10.0.0.1": false, "255.255.255.255": true},
	} {
		for address, want := range faults {
			if got := subnetOf("sbn-1", bce.Subnet{CIDR: cidr}).fault(address); (got != "") != want {
				t.Errorf("%s in %s: %q", address, cidr, got)
			}
		}
	}
}

func TestConcernNamesAFewHaVIPs(t *testing.T) {
	t.Parallel()
	five := []bce.HaVIP{{ID: "h1"}, {ID: "h2"}, {ID: "h3"}, {ID: "h4"}, {ID: "h5"}}
	if got, want := list(five), `h1 ("", ), h2 ("", ), h3 ("", ), and 2 more`; got != want {
		t.Errorf("got %s", got)
	}
}
