package audit

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"havip/bce"
	"havip/ledger"
	"havip/tasks"
)

func TestVerifyFinds(t *testing.T) {
	t.Parallel()
	old := havip("h-old", "a", "")
	old.CreatedTime = noon.Add(-createdSlack - time.Second)
	ageless := havip("h-ageless", "a", "")
	ageless.CreatedTime = time.Time{}
	self := ledger.Owner{Batch: "b", Key: "a"}
	ours := havip("h-1", "a", "10.0.0.1")
	for name, test := range map[string]struct {
		items  []ledger.Item
		exists []bce.HaVIP
		owners map[string]ledger.Owner
		want   []string
	}{
		"nothing when all agree":             {items: []ledger.Item{created("a", "h-1"), itemOf("c", ledger.Canceled, "", wanted("c", "")), itemOf("d", ledger.Deleted, "h-9", wanted("d", ""))}, exists: []bce.HaVIP{ours, havip("h-x", "somebody else's", "")}},
		"missing":                            {items: []ledger.Item{created("a", "h-1"), itemOf("b", ledger.Adopted, "h-2", wanted("b", ""))}, exists: []bce.HaVIP{ours}, want: []string{"missing b h-2"}},
		"changed":                            {items: []ledger.Item{itemOf("a", ledger.Created, "h-1", wanted("A", "10.0.0.9"))}, exists: []bce.HaVIP{ours}, want: []string{"changed a h-1"}},
		"leaked beside the item's own":       {items: []ledger.Item{created("a", "h-1")}, exists: []bce.HaVIP{ours, havip("h-2", "a", "10.0.0.2")}, want: []string{"leaked a h-2"}},
		"leaked beside a missing one":        {items: []ledger.Item{created("a", "h-1")}, exists: []bce.HaVIP{havip("h-2", "a", "")}, want: []string{"missing a h-1", "leaked a h-2"}},
		"leaked of an age not known":         {items: []ledger.Item{created("a", "h-1")}, exists: []bce.HaVIP{ours, ageless}, want: []string{"leaked a h-ageless"}},
		"nothing older than the batch":       {items: []ledger.Item{created("a", "h-1")}, exists: []bce.HaVIP{ours, old}},
		"nothing of another subnet":          {items: []ledger.Item{created("a", "h-1")}, exists: []bce.HaVIP{ours, {ID: "h-2", Name: "a", SubnetID: "sbn-2", CreatedTime: one}}},
		"nothing of another fixed address":   {items: []ledger.Item{itemOf("a", ledger.Created, "h-1", wanted("a", "10.0.0.1"))}, exists: []bce.HaVIP{ours, havip("h-2", "a", "10.0.0.2")}},
		"leaked at the fixed address":        {items: []ledger.Item{itemOf("a", ledger.Created, "h-9", wanted("a", "10.0.0.1"))}, exists: []bce.HaVIP{ours}, want: []string{"missing a h-9", "leaked a h-1"}},
		"nothing of another batch":           {items: []ledger.Item{created("a", "h-1")}, exists: []bce.HaVIP{ours, havip("h-2", "a", "")}, owners: map[string]ledger.Owner{"h-2": {Batch: "other", Key: "a"}}},
		"leaked of a canceled item":          {items: []ledger.Item{itemOf("a", ledger.Canceled, "", wanted("a", ""))}, exists: []bce.HaVIP{ours}, want: []string{"leaked a h-1"}},
		"leaked of a deleted item":           {items: []ledger.Item{itemOf("a", ledger.Deleted, "h-1", wanted("a", ""))}, exists: []bce.HaVIP{ours}, want: []string{"leaked a h-1"}},
		"duplicated by ownership":            {items: []ledger.Item{created("a", "h-1")}, exists: []bce.HaVIP{ours, havip("h-2", "renamed", "")}, owners: map[string]ledger.Owner{"h-1": self, "h-2": self}, want: []string{"duplicated a h-2"}},
		"duplicated by two items":            {items: []ledger.Item{created("a", "h-1"), itemOf("c", ledger.Created, "h-1", wanted("a", ""))}, exists: []bce.HaVIP{ours}, owners: map[string]ledger.Owner{"h-1": self}, want: []string{"duplicated c h-1"}},
		"duplicated by two, of the second":   {items: []ledger.Item{created("a", "h-1"), itemOf("c", ledger.Created, "h-1", wanted("a", ""))}, exists: []bce.HaVIP{ours}, owners: map[string]ledger.Owner{"h-1": {Batch: "b", Key: "c"}}, want: []string{"duplicated c h-1"}},
		"the failed item at its address":     {items: []ledger.Item{created("a", "h-1"), itemOf("c", ledger.Rejected, "", wanted("a", "10.0.0.2"))}, exists: []bce.HaVIP{ours, havip("h-2", "a", "10.0.0.2"), havip("h-3", "a", "10.0.0.3")}, want: []string{"leaked a h-3", "unrecorded c h-2"}},
		"duplicated, though missing":         {items: []ledger.Item{created("a", "h-9"), created("c", "h-9")}, want: []string{"missing a h-9", "missing c h-9", "duplicated c h-9"}},
		"duplicated by another batch":        {items: []ledger.Item{created("a", "h-1")}, exists: []bce.HaVIP{ours}, owners: map[string]ledger.Owner{"h-1": {Batch: "other", Key: "k"}}, want: []string{"duplicated a h-1"}},
		"unrecorded of a rejected item":      {items: []ledger.Item{itemOf("a", ledger.Rejected, "", wanted("a", ""))}, exists: []bce.HaVIP{ours}, want: []string{"unrecorded a h-1"}},
		"unrecorded of an unfinished item":   {items: []ledger.Item{itemOf("a", ledger.Unknown, "", wanted("a", "10.0.0.1"))}, exists: []bce.HaVIP{ours}, want: []string{"unrecorded a h-1"}},
		"unrecorded by ownership":            {items: []ledger.Item{itemOf("a", ledger.Review, "", wanted("a", ""))}, exists: []bce.HaVIP{havip("h-7", "renamed", "")}, owners: map[string]ledger.Owner{"h-7": self}, want: []string{"unrecorded a h-7"}},
		"unrecorded, and one too many":       {items: []ledger.Item{itemOf("a", ledger.Review, "", wanted("a", ""))}, exists: []bce.HaVIP{ours, havip("h-2", "a", "")}, want: []string{"unrecorded a h-1", "leaked a h-2"}},
		"one finding for a HaVIP":            {items: []ledger.Item{created("a", "h-1"), itemOf("c", ledger.Created, "h-2", wanted("a", ""))}, exists: []bce.HaVIP{ours, havip("h-2", "a", ""), havip("h-3", "a", "")}, want: []string{"leaked a h-3"}},
		"the failed item before the created": {items: []ledger.Item{created("a", "h-1"), itemOf("c", ledger.Rejected, "", wanted("a", ""))}, exists: []bce.HaVIP{ours, havip("h-2", "a", "")}, want: []string{"unrecorded c h-2"}},
		"each failed item its own":           {items: []ledger.Item{itemOf("a", ledger.Rejected, "", wanted("a", "")), itemOf("c", ledger.Rejected, "", wanted("a", ""))}, exists: []bce.HaVIP{ours, havip("h-2", "a", "")}, want: []string{"unrecorded a h-1", "unrecorded c h-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			findings, tally := verify(t, &records{items: test.items, owners: test.owners}, &sky{havips: test.exists})
			if diff := cmp.Diff(test.want, textsOf(findings), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			if tally.Items != len(test.items) || tally.HaVIPs != len(test.exists) || tally.Findings() != len(test.want) || tally.Moving != 0 {
				t.Errorf("tally %+v", tally)
			}
		})
	}
}

// A damaged item is a finding with the HaVIP that it owns, and the others are compared.
func TestVerifyBesideDamagedItems(t *testing.T) {
	t.Parallel()
	broken := itemOf("body", ledger.Created, "h-3", wanted("c", ""))
	broken.Body = "{"
	ledgerOf := &records{
		damaged: []string{"lost", "gone"}, items: []ledger.Item{broken, created("a", "h-1")},
		owners: map[string]ledger.Owner{"h-2": {Batch: "b", Key: "lost"}},
	}
	findings, tally := verify(t, ledgerOf, &sky{havips: []bce.HaVIP{havip("h-2", "b", "")}})
	want := []string{"unreadable lost h-2", "unreadable gone ", "unreadable body ", "missing a h-1"}
	if diff := cmp.Diff(want, textsOf(findings)); diff != "" {
		t.Error(diff)
	}
	if tally.Items != 4 || tally.Kinds[Unreadable] != 3 {
		t.Errorf("tally %+v", tally)
	}
}

func TestVerifyShowsBothValues(t *testing.T) {
	t.Parallel()
	request := tasks.Request{Name: "a", SubnetID: "sbn-1", Description: strings.Repeat("x", maxText+1)}
	item := itemOf("a", ledger.Created, "h-1", request)
	item.Record.PrivateIPAddress = "10.0.0.1"
	exists := bce.HaVIP{ID: "h-1", Name: "B", SubnetID: "sbn-2", PrivateIPAddress: "10.0.0.2", Description: strings.Repeat("x", maxText) + "y"}
	findings, _ := verify(t, &records{items: []ledger.Item{item}}, &sky{havips: []bce.HaVIP{exists}})
	long := strings.Repeat("x", maxText) + "… (201 bytes)"
	want := []Finding{{
		Kind: Changed, Batch: "b", Key: "a", Line: 2, State: ledger.Created, HaVIPID: "h-1", Name: "a", SubnetID: "sbn-1",
		Account: "default", Region: "bj",
		Differences: []Difference{
			{"name", "a", "B"}, {"subnetId", "sbn-1", "sbn-2"}, {"privateIpAddress", "10.0.0.1", "10.0.0.2"}, {"description", long, long},
		},
		Detail: `name should be "a" and is "B"; subnetId should be "sbn-1" and is "sbn-2"; ` +
			`privateIpAddress should be "10.0.0.1" and is "10.0.0.2"; description should be "` + long + `" and is "` + long + `"`,
	}}
	if diff := cmp.Diff(want, findings); diff != "" {
		t.Error(diff)
	}
}

// A batch may be verified while it runs: items that change meanwhile are not compared.
func TestVerifyPassesOverWhatMoves(t *testing.T) {
	t.Parallel()
	just := millis(one.Add(-tasks.LookupGrace / 2))
	later := millis(one.Add(time.Second))
	for name, item := range map[string]ledger.Item{
		"created since":     change(created("a", "h-9"), func(r *ledger.Record) { r.UpdatedAt = later }),
		"answer on its way": change(itemOf("a", ledger.Unknown, "", wanted("a", "")), func(r *ledger.Record) { r.LastSentAt = just }),
		"request under way": change(itemOf("a", ledger.Sending, "", wanted("a", "")), func(r *ledger.Record) { r.LeaseUntil = later }),
		"being deleted":     itemOf("a", ledger.Deleting, "h-9", wanted("a", "")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			findings, tally := verify(t, &records{items: []ledger.Item{item}}, &sky{havips: []bce.HaVIP{havip("h-1", "other", "")}})
			if len(findings) > 0 || tally.Moving != 1 {
				t.Errorf("%v, %d moving", textsOf(findings), tally.Moving)
			}
		})
	}
}

// The HaVIP of a changing item is not attributed to another.
func TestVerifyLeavesAMovingItemItsHaVIP(t *testing.T) {
	t.Parallel()
	moving := change(itemOf("m", ledger.Sending, "", wanted("a", "")), func(r *ledger.Record) { r.LeaseUntil = millis(one.Add(time.Second)) })
	after := itemOf("c", ledger.Created, "h-3", wanted("a", ""))
	findings, _ := verify(t, &records{items: []ledger.Item{created("a", "h-1"), moving, after}},
		&sky{havips: []bce.HaVIP{havip("h-1", "a", ""), havip("h-2", "a", ""), havip("h-3", "a", "")}})
	if len(findings) > 0 {
		t.Errorf("got %v", textsOf(findings))
	}
}

// An item of a lane that was not listed.
func TestVerifyPassesOverItemsOfALaterLane(t *testing.T) {
	t.Parallel()
	r := &records{items: []ledger.Item{created("a", "h-1")}}
	r.before = func(read int) {
		if read == 2 {
			late := created("late", "h-2")
			late.Region = "gz"
			r.items = append(r.items, late)
		}
	}
	findings, tally := verify(t, r, &sky{havips: []bce.HaVIP{havip("h-1", "a", "")}})
	if len(findings) > 0 || tally.Moving != 1 || tally.Items != 2 {
		t.Errorf("%v, %+v", textsOf(findings), tally)
	}
}

func change(item ledger.Item, f func(*ledger.Record)) ledger.Item {
	f(&item.Record)
	return item
}

// The comparison of a batch's and a HaVIP's age allows for the clocks' difference.
func TestVerifyComparesClocks(t *testing.T) {
	t.Parallel()
	extra := havip("h-2", "a", "")
	for ahead, want := range map[time.Duration]int{0: 1, 10 * time.Minute: 0, -10 * time.Minute: 1} {
		findings, _ := verify(t, &records{items: []ledger.Item{created("a", "h-1")}},
			&sky{havips: []bce.HaVIP{havip("h-1", "a", ""), extra}, ahead: ahead})
		if len(findings) != want {
			t.Errorf("BCE's clock %s ahead: got %v", ahead, textsOf(findings))
		}
	}
}

// A listing may lack a HaVIP that exists: it is read by ID before it is reported missing.
func TestVerifyAsksForWhatIsNotListed(t *testing.T) {
	t.Parallel()
	s := &sky{havips: []bce.HaVIP{havip("h-1", "a", "")}, hidden: []bce.HaVIP{havip("h-2", "c", "")}}
	findings, _ := verify(t, &records{items: []ledger.Item{created("a", "h-1"), created("c", "h-2")}}, s)
	if len(findings) > 0 || s.gets != 1 {
		t.Errorf("got %v after %d questions", textsOf(findings), s.gets)
	}
}

func TestVerifyBoundsItsQuestions(t *testing.T) {
	t.Parallel()
	r, s := &records{}, &sky{}
	for i := range confirmations * 3 {
		r.items = append(r.items, created(fmt.Sprint("k", i), fmt.Sprint("h-", i)))
	}
	findings, tally := verify(t, r, s)
	if len(findings) != len(r.items) || s.gets != confirmations {
		t.Errorf("%d findings after %d questions", len(findings), s.gets)
	}
	if l := tally.Lanes[0]; l.Missing != l.Recorded || l.Recorded != len(r.items) {
		t.Errorf("lane %+v", l)
	}

	lagging := &sky{}
	for i := range confirmations * 3 {
		lagging.hidden = append(lagging.hidden, havip(fmt.Sprint("h-", i), fmt.Sprint("k", i), ""))
	}
	if _, _, err := tryVerify(t, r, lagging); err == nil || !strings.Contains(err.Error(), "omits HaVIPs that exist") {
		t.Errorf("a listing that lags: got %v", err)
	}
}

func TestVerifyErrors(t *testing.T) {
	t.Parallel()
	r := &records{items: []ledger.Item{created("a", "h-1")}}
	denied := &bce.Error{Kind: bce.KindAPI, StatusCode: 403, Code: bce.CodeAccessDenied}
	if _, _, err := tryVerify(t, r, &sky{errs: []error{denied}}); !errors.Is(err, denied) {
		t.Errorf("listing refused: got %v", err)
	}
	// A failed get is no proof of absence.
	s := &sky{}
	s.errs = []error{nil, denied}
	if findings, _, err := tryVerify(t, r, s); !errors.Is(err, denied) {
		t.Errorf("get refused: got %v, %v", textsOf(findings), err)
	}
	v := &Verifier{Ledger: r}
	var missing *ledger.BatchNotFoundError
	if _, err := v.Verify(t.Context(), "nope", nil); !errors.As(err, &missing) {
		t.Errorf("no batch: got %v", err)
	}
	stop := errors.New("stop")
	v = &Verifier{
		Ledger: r, Open: func(context.Context, tasks.Lane) (Cloud, error) { return &sky{}, nil },
		Clock: func(context.Context) (time.Time, error) { return one, nil },
	}
	if _, err := v.Verify(t.Context(), "b", func(Finding) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of the caller: got %v", err)
	}
}

// Long descriptions are compared without being stored.
//
//nolint:paralleltest // it measures the memory of the process
func TestIndexKeepsNoDescriptions(t *testing.T) {
	const n, size = 10_000, 4000
	long := strings.Repeat("d", size)
	x := newIndex(tasks.Lane{}, one)
	before := heap()
	for i := range n {
		x.add(bce.HaVIP{ID: fmt.Sprint("havip-", i), Name: "n", SubnetID: strings.Clone("sbn-1"), Description: strings.Clone(long)})
	}
	if grown := heap() - before; grown > n*800 {
		t.Errorf("the index takes %d bytes a HaVIP", grown/n)
	}
	runtime.KeepAlive(x)
}

// The cost per item is constant even if all items and HaVIPs match.
//
//nolint:paralleltest // it measures the memory of the process
func TestVerifyOfALargeBatch(t *testing.T) {
	const n = 10_000
	r, s := &records{}, &sky{}
	for i := range n {
		key := fmt.Sprint("k", i)
		r.items = append(r.items, itemOf(key, ledger.Rejected, "", wanted("same", "")))
		if i%2 == 0 {
			s.havips = append(s.havips, havip(fmt.Sprint("h-", i), "same", ""))
		}
	}
	before := allocated()
	findings, tally := verify(t, r, s)
	if each := (allocated() - before) / n; each > 8<<10 {
		t.Errorf("%d bytes were allocated for an item", each)
	}
	if len(findings) != n/2 || tally.Kinds[Unrecorded] != n/2 {
		t.Errorf("%s", tally)
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC() // the second frees what pools kept
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// allocated returns the total of all allocations.
func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}

func TestTally(t *testing.T) {
	t.Parallel()
	tally := Tally{Items: 3, HaVIPs: 5}
	if got, want := tally.String(), "3 items compared with 5 HaVIPs in BCE: no differences"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	tally.Kinds, tally.Moving = map[Kind]int{Leaked: 2, Missing: 1}, 1
	tally.Items, tally.HaVIPs = 1, 1_234_567
	if got, want := tally.String(), "1 item compared with 1,234,567 HaVIPs in BCE: 1 missing, 2 leaked, 1 still changing and not compared"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	chinese := strings.Repeat("高", 100)
	for _, s := range []string{"", "short", strings.Repeat("x", maxText), strings.Repeat("x", maxText+1), chinese} {
		kept := textOf(s)
		if len(kept.head) > maxText || !strings.HasPrefix(s, kept.head) || kept.size != len(s) || kept != textOf(strings.Clone(s)) {
			t.Errorf("%q: kept %+v", s, kept)
		}
	}
	if got, want := textOf(chinese).shown(), strings.Repeat("高", 66)+"… (300 bytes)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Of a HaVIP that is as recorded, only hashes are kept: there may be a million.
func TestVerifyMemory(t *testing.T) { //nolint:paralleltest // it measures the heap
	n := 20_000
	r, s := &records{owners: map[string]ledger.Owner{}}, &sky{size: 1000}
	for i := range n {
		key, id := fmt.Sprintf("web-%06d", i), fmt.Sprintf("havip-%06d", i)
		r.items = append(r.items, created(key, id))
		s.havips = append(s.havips, havip(id, key, ""))
	}
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before, during := heap(), int64(0)
	r.before = func(read int) {
		if read == 3 {
			during = heap()
		}
	}
	if findings, tally := verify(t, r, s); len(findings) > 0 || tally.HaVIPs != n {
		t.Errorf("%d findings, %s", len(findings), tally)
	}
	if each := (during - before) / int64(n); each > 100 {
		t.Errorf("%d bytes for a HaVIP", each)
	} else {
		t.Logf("%d bytes for a HaVIP", each)
	}
}
