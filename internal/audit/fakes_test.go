package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"testing"
	"time"

	"go.uber.org/goleak"

	"havip/bce"
	"havip/ledger"
	"havip/tasks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The times of these tests: the batch is registered at noon and verified an hour later.
var (
	noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	one  = noon.Add(time.Hour)
)

func millis(t time.Time) ledger.Millis { return ledger.Millis(t.UnixMilli()) }

// records is a ledger of one batch, b.
type records struct {
	items  []ledger.Item
	owners map[string]ledger.Owner
	// damaged are the keys of damaged items, which come first.
	damaged []string
	// reads counts passes over the items; before is called at the start of each.
	reads  int
	before func(read int)
}

func (r *records) Batch(_ context.Context, name string) (ledger.Batch, error) {
	if name != "b" {
		return ledger.Batch{}, &ledger.BatchNotFoundError{Batch: name}
	}
	return ledger.Batch{Name: "b", CreatedAt: millis(noon)}, nil
}

func (r *records) Items(context.Context, string) iter.Seq2[ledger.Item, error] {
	r.reads++
	if r.before != nil {
		r.before(r.reads)
	}
	return func(yield func(ledger.Item, error) bool) {
		for _, key := range r.damaged {
			if !yield(ledger.Item{}, ledger.Unreadable("b", key, errors.New("garbage"))) {
				return
			}
		}
		for _, item := range r.items {
			if !yield(item, nil) {
				return
			}
		}
	}
}

func (r *records) Owners(_ context.Context, ids []string) (map[string]ledger.Owner, error) {
	found := map[string]ledger.Owner{}
	for _, id := range ids {
		if owner, ok := r.owners[id]; ok {
			found[id] = owner
		}
	}
	return found, nil
}

// sky is a BCE of one lane. It lists pages of size, by default two.
type sky struct {
	size   int
	havips []bce.HaVIP
	// hidden exist but are not listed.
	hidden []bce.HaVIP
	// ahead is how far its clock is ahead of the ledger's.
	ahead time.Duration
	// errs are the first results.
	errs  []error
	lists int
	gets  int
}

func (s *sky) fail() error {
	if len(s.errs) == 0 {
		return nil
	}
	err := s.errs[0]
	s.errs = s.errs[1:]
	return err
}

func (s *sky) ListHaVIPs(_ context.Context, o bce.ListOptions) (*bce.ListHaVIPsOutput, error) {
	s.lists++
	if err := s.fail(); err != nil {
		return nil, err
	}
	size := cmp.Or(s.size, 2)
	start, _ := strconv.Atoi(o.Marker)
	end := min(start+size, len(s.havips))
	out := &bce.ListHaVIPsOutput{HaVIPs: s.havips[start:end], ResponseMeta: bce.ResponseMeta{Date: one.Add(s.ahead)}}
	if end < len(s.havips) {
		out.NextMarker = strconv.Itoa(end)
	}
	return out, nil
}

func (*sky) Endpoint() string { return "https://bcc.bj.example" }

func (s *sky) GetHaVIP(_ context.Context, id string) (*bce.GetHaVIPOutput, error) {
	s.gets++
	if err := s.fail(); err != nil {
		return nil, err
	}
	for _, h := range append(s.havips, s.hidden...) {
		if h.ID == id {
			return &bce.GetHaVIPOutput{HaVIP: h}, nil
		}
	}
	return nil, &bce.Error{Kind: bce.KindAPI, StatusCode: 400, Code: bce.CodeNoSuchObject}
}

// wanted is a request; with an empty address, BCE assigns one.
func wanted(name, address string) tasks.Request {
	return tasks.Request{Name: name, SubnetID: "sbn-1", PrivateIPAddress: address}
}

// itemOf is an item that has not changed since ten past twelve.
func itemOf(key string, state ledger.State, id string, request tasks.Request) ledger.Item {
	ten := noon.Add(10 * time.Minute)
	item := ledger.Item{Batch: "b", Spec: ledger.Spec{Key: key, Line: 2, Account: "default", Region: "bj", Body: string(request.Body())}}
	item.Record = ledger.Record{
		State: state, HaVIPID: id, Generation: 1, RegisteredAt: millis(noon), UpdatedAt: millis(ten),
		Sends: 1, LastSentAt: millis(ten),
	}
	return item
}

func created(key, id string) ledger.Item { return itemOf(key, ledger.Created, id, wanted(key, "")) }

// havip was created at five past twelve.
func havip(id, name, address string) bce.HaVIP {
	return bce.HaVIP{ID: id, Name: name, SubnetID: "sbn-1", PrivateIPAddress: address, CreatedTime: noon.Add(5 * time.Minute)}
}

// verify runs a verifier and returns its findings as "kind key id".
func verify(t *testing.T, r *records, s *sky) ([]Finding, Tally) {
	t.Helper()
	findings, tally, err := tryVerify(t, r, s)
	if err != nil {
		t.Fatal(err)
	}
	return findings, tally
}

func tryVerify(t *testing.T, r *records, s *sky) ([]Finding, Tally, error) {
	t.Helper()
	v := &Verifier{
		Ledger: r,
		Open:   func(context.Context, tasks.Lane) (Cloud, error) { return s, nil },
		Clock:  func(context.Context) (time.Time, error) { return one, nil },
	}
	var findings []Finding
	tally, err := v.Verify(t.Context(), "b", func(f Finding) error {
		findings = append(findings, f)
		return nil
	})
	return findings, tally, err
}

func textsOf(findings []Finding) []string {
	texts := make([]string, len(findings))
	for i, f := range findings {
		texts[i] = fmt.Sprintf("%s %s %s", f.Kind, f.Key, f.HaVIPID)
	}
	return texts
}
