package imports

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"regexp"
	"slices"
	"strings"

	"havip/bce"
	"havip/internal/audit"
	"havip/internal/cli"
	"havip/internal/cloud"
	"havip/internal/session"
	"havip/internal/spelling"
	"havip/tasks"
)

// selection is what an import found in BCE.
type selection struct {
	rows    []tasks.Existing
	refused []tasks.ImportRefusal
	// owned counts selected HaVIPs that are left out because they are already the results of items.
	owned int
}

// fields are the fields of a HaVIP for --where.
var fields = map[string]func(bce.HaVIP) string{
	"name":             func(h bce.HaVIP) string { return h.Name },
	"subnetId":         func(h bce.HaVIP) string { return h.SubnetID },
	"vpcId":            func(h bce.HaVIP) string { return h.VPCID },
	"haVipId":          func(h bce.HaVIP) string { return h.ID },
	"privateIpAddress": func(h bce.HaVIP) string { return h.PrivateIPAddress },
	"status":           func(h bce.HaVIP) string { return h.Status },
}

func fieldNames() []string { return slices.Sorted(maps.Keys(fields)) }

func fieldList() string { return strings.Join(fieldNames(), ", ") }

// condition requires a field of a HaVIP to match a pattern.
type condition struct {
	field   string
	pattern *regexp.Regexp
}

func parseWhere(wheres []string) (conditions []condition, err error) {
	for _, where := range wheres {
		field, pattern, found := strings.Cut(where, "=")
		if !found || fields[field] == nil {
			return nil, fmt.Errorf("--where %q: must be FIELD=PATTERN, where FIELD is one of %s%s",
				where, fieldList(), spelling.DidYouMean(field, "", fieldNames()))
		}
		text := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, `.*`)
		conditions = append(conditions, condition{field, regexp.MustCompile(`(?s)^` + text + `$`)})
	}
	return conditions, nil
}

func matches(conditions []condition, h bce.HaVIP) bool {
	return !slices.ContainsFunc(conditions, func(c condition) bool {
		return !c.pattern.MatchString(fields[c.field](h))
	})
}

// listings lists lanes in BCE, each once.
type listings struct {
	session *session.Session
	open    func(context.Context, tasks.Lane) (audit.Cloud, error)
	reader  func(tasks.Lane) tasks.Reader
	listing func(tasks.Lane, int, bool)
	lanes   map[tasks.Lane][]bce.HaVIP
}

func newListings(f *session.Factory, s *session.Session, flags cloud.Flags) *listings {
	return &listings{
		session: s, open: flags.Opener(f.Getenv), reader: cloud.Lists(f.IO, s.Redis), listing: cloud.Listing(f.IO),
		lanes: map[tasks.Lane][]bce.HaVIP{},
	}
}

// of returns the HaVIPs of a lane.
func (x *listings) of(ctx context.Context, l tasks.Lane) ([]bce.HaVIP, error) {
	if there, listed := x.lanes[l]; listed {
		return there, nil
	}
	api, err := x.open(ctx, l)
	if err != nil {
		return nil, err
	}
	if err := pinned(ctx, x.session, l, api.Endpoint()); err != nil {
		return nil, err
	}
	there := []bce.HaVIP{}
	seen := map[string]bool{} // pages overlap while HaVIPs are created and deleted
	for page, err := range x.reader(l).Pages(ctx, api) {
		if err != nil {
			return nil, cli.Fail(cloud.ExitCode(err), fmt.Errorf("list the HaVIPs of lane %s: %w", l, err))
		}
		for _, h := range page.HaVIPs {
			if !seen[h.ID] {
				seen[h.ID] = true
				there = append(there, h)
			}
		}
		x.listing(l, len(there), false)
	}
	x.listing(l, len(there), true)
	x.lanes[l] = there
	return there, nil
}

// choose returns the HaVIPs of a lane that match the conditions and belong to no item, as rows.
func (x *listings) choose(ctx context.Context, batch string, l tasks.Lane, where []condition) (selection, error) {
	var s selection
	there, err := x.of(ctx, l)
	if err != nil {
		return s, err
	}
	chosen := slices.DeleteFunc(slices.Clone(there), func(h bce.HaVIP) bool { return !matches(where, h) })
	ids := make([]string, len(chosen))
	for i, h := range chosen {
		ids[i] = h.ID
	}
	owners, err := tasks.Importer{Ledger: x.session.Ledger}.Owners(ctx, ids)
	if err != nil {
		return s, err
	}
	free := slices.DeleteFunc(chosen, func(h bce.HaVIP) bool { _, owned := owners[h.ID]; return owned })
	s.owned = len(ids) - len(free)
	keys, err := x.keys(ctx, batch, free)
	if err != nil {
		return s, err
	}
	for i, h := range free {
		s.add(tasks.Existing{HaVIP: h, Row: tasks.Row{Item: tasks.Item{
			Key: keys[i], Account: l.Account, Region: l.Region,
			// Without the address, which counts as assigned by BCE, so that a row with or without it is a duplicate.
			Request: tasks.Request{Name: h.Name, SubnetID: h.SubnetID, Description: h.Description},
		}}})
	}
	return s, nil
}

// add adds a row, unless it has values that are invalid for an item.
func (s *selection) add(e tasks.Existing) {
	if faults := e.Row.Item.Validate(); len(faults) > 0 {
		s.refused = append(s.refused, tasks.ImportRefusal{Row: e.Row, Why: faults[0].Error()})
		return
	}
	s.rows = append(s.rows, e)
}

// keys returns the items' keys: a HaVIP's name, or its ID if another HaVIP or an item of the batch has that name.
func (x *listings) keys(ctx context.Context, batch string, havips []bce.HaVIP) ([]string, error) {
	names, count := make([]string, len(havips)), map[string]int{}
	for i, h := range havips {
		names[i] = h.Name
		count[h.Name]++
	}
	items, err := x.session.Ledger.Some(ctx, batch, names)
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		count[item.Key]++
	}
	for i, h := range havips {
		if h.Name == "" || count[h.Name] > 1 {
			names[i] = h.ID
		}
	}
	return names, nil
}

// match pairs each row with the HaVIP that it describes.
func (x *listings) match(ctx context.Context, rows iter.Seq2[tasks.Row, error]) (selection, error) {
	var s selection
	indexes := map[tasks.Lane]*tasks.Index{}
	for row, err := range rows {
		if err != nil {
			return s, err
		}
		l := tasks.Lane{Account: row.Item.Account, Region: row.Item.Region}
		if indexes[l] == nil {
			there, err := x.of(ctx, l)
			if err != nil {
				return s, err
			}
			indexes[l] = tasks.NewIndex()
			for _, h := range there {
				indexes[l].Add(h)
			}
		}
		there := described(row.Item.Request, indexes[l].Like(row.Item.Request))
		if len(there) != 1 {
			s.refused = append(s.refused, tasks.ImportRefusal{Row: row, Why: notOne(row.Item.Request, there)})
			continue
		}
		s.rows = append(s.rows, tasks.Existing{Row: row, HaVIP: there[0]})
	}
	return s, nil
}

// described returns the HaVIPs with the request's name and subnet, and its address if it has one.
func described(r tasks.Request, there []bce.HaVIP) []bce.HaVIP {
	return slices.DeleteFunc(there, func(h bce.HaVIP) bool {
		return h.Name != r.Name || r.PrivateIPAddress != "" && h.PrivateIPAddress != r.PrivateIPAddress
	})
}

// notOne says why a row does not match exactly one HaVIP.
func notOne(r tasks.Request, there []bce.HaVIP) string {
	if len(there) == 0 {
		return fmt.Sprintf("no HaVIP %q exists in subnet %s with this address", r.Name, r.SubnetID)
	}
	ids := make([]string, len(there))
	for i, h := range there {
		ids[i] = h.ID + " (" + h.PrivateIPAddress + ")"
	}
	return fmt.Sprintf("%s have this name in subnet %s; give the row the privateIpAddress of one", strings.Join(ids, ", "), r.SubnetID)
}
