package plan

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"havip/bce"
	"havip/ledger"
	"havip/lifecycle"
	"havip/tasks"
)

// books are a ledger with configured answers by key.
type books struct {
	answers map[string]ledger.Registration
	records map[string]ledger.Record
	owners  map[string]ledger.Owner
	asked   []string
	past    int
	err     error
	// duplicate is found for each new row.
	duplicate *tasks.Duplicate
}

func (b *books) ForgottenGeneration(context.Context, string) (int, error) { return b.past, nil }

func (b *books) Compare(_ context.Context, _ string, rows iter.Seq2[tasks.Row, error]) iter.Seq2[tasks.Comparison, error] {
	return func(yield func(tasks.Comparison, error) bool) {
		for row, err := range rows {
			answer, known := b.answers[row.Item.Key]
			if !known {
				answer = ledger.Registration{Result: lifecycle.RegisteredNew, State: ledger.Queued}
			}
			c := tasks.Comparison{Row: row, Registration: answer}
			if !known {
				c.Duplicate = b.duplicate
			}
			if !yield(c, err) || err != nil {
				return
			}
		}
	}
}

func (b *books) Some(_ context.Context, batch string, keys []string) ([]ledger.Item, error) {
	b.asked = append(b.asked, keys...)
	var items []ledger.Item
	for _, key := range keys {
		if rec, known := b.records[key]; known {
			items = append(items, ledger.Item{Batch: batch, Spec: ledger.Spec{Key: key}, Record: rec})
		}
	}
	return items, b.err
}

func (b *books) Owners(_ context.Context, ids []string) (map[string]ledger.Owner, error) {
	found := map[string]ledger.Owner{}
	for _, id := range ids {
		if owner, owned := b.owners[id]; owned {
			found[id] = owner
		}
	}
	return found, b.err
}

// sky is a BCE of one lane that lists pages of two.
type sky struct {
	havips  []bce.HaVIP
	subnets map[string]bce.Subnet
	// errs are the results of the first listings.
	errs        []error
	lists, gets int
}

func (s *sky) ListHaVIPs(_ context.Context, o bce.ListOptions) (*bce.ListHaVIPsOutput, error) {
	s.lists++
	if len(s.errs) > 0 {
		err := s.errs[0]
		s.errs = s.errs[1:]
		return nil, err
	}
	const size = 2
	begin, _ := strconv.Atoi(o.Marker)
	end := min(begin+size, len(s.havips))
	out := &bce.ListHaVIPsOutput{HaVIPs: s.havips[max(0, begin-1):end:end]} // pages overlap
	if end < len(s.havips) {
		out.NextMarker = strconv.Itoa(end)
	}
	return out, nil
}

func (s *sky) GetSubnet(_ context.Context, id string) (*bce.GetSubnetOutput, error) {
	s.gets++
	subnet, found := s.subnets[id]
	if !found {
		return nil, &bce.Error{Kind: bce.KindAPI, StatusCode: 400, Code: bce.CodeNoSuchObject}
	}
	return &bce.GetSubnetOutput{Subnet: subnet}, nil
}

func (*sky) Endpoint() string { return "https://bcc.bj.example" }

func (*sky) GetHaVIP(context.Context, string) (*bce.GetHaVIPOutput, error) {
	return nil, errors.New("a plan asks for no single HaVIP")
}

// planner compares with both; a nil sky means no comparison with BCE.
func planner(b *books, s *sky) *Planner {
	p := &Planner{Ledger: b, Items: b}
	if s != nil {
		p.Survey = &Survey{Owners: b, Open: func(context.Context, tasks.Lane) (Cloud, error) { return s, nil }}
	}
	return p
}

// rowsOf are rows "key subnet", from line 2 on.
func rowsOf(texts ...string) iter.Seq2[tasks.Row, error] {
	return func(yield func(tasks.Row, error) bool) {
		for i, text := range texts {
			key, subnetID, _ := strings.Cut(text, " ")
			item := tasks.Item{Key: key, Account: "default", Region: "bj", Request: tasks.Request{Name: key, SubnetID: subnetID}}
			if !yield(tasks.Row{Line: i + 2, Item: item}, nil) {
				return
			}
		}
	}
}

// planned is each row as "key action kind", and the counts.
func planned(t *testing.T, p *Planner, rows iter.Seq2[tasks.Row, error]) (words []string, counts Counts) {
	t.Helper()
	for row, err := range p.Rows(t.Context(), "b", rows) {
		if err != nil {
			t.Fatal(err)
		}
		counts.Add(row)
		words = append(words, fmt.Sprintf("%s %s %s", row.Item.Key, row.Action, row.Concern.Kind))
	}
	return words, counts
}

func TestPlannerOfTheLedgerAlone(t *testing.T) {
	t.Parallel()
	standing := &ledger.Spec{Key: "x", Account: "default", Region: "bj", Body: `{"name":"x","subnetId":"sbn-1","privateIpAddress":""}`}
	b := &books{answers: map[string]ledger.Registration{
		"repair": {Result: lifecycle.RegisteredRepair, State: ledger.Queued}, "runs": {Result: lifecycle.RegisteredSame, State: ledger.Sending},
		"created": {Result: lifecycle.RegisteredSame, State: ledger.Created}, "deleted": {Result: lifecycle.RegisteredSame, State: ledger.Deleted},
		"rejected": {Result: lifecycle.RegisteredSame, State: ledger.Rejected}, "review": {Result: lifecycle.RegisteredSame, State: ledger.Review},
		"canceled": {Result: lifecycle.RegisteredSame, State: ledger.Canceled}, "x": {Result: lifecycle.RegisteredConflict, State: ledger.Created, Existing: standing},
	}}
	words, counts := planned(t, planner(b, nil), rowsOf("new", "repair", "runs", "created", "deleted", "rejected", "review", "canceled", "x sbn-2"))
	want := []string{
		"new create ", "repair requeue ", "runs running ", "created done ", "deleted deleted deleted",
		"rejected failed failed", "review failed failed", "canceled canceled canceled", "x conflict conflict",
	}
	if diff := cmp.Diff(want, words); diff != "" {
		t.Error(diff)
	}
	wantCounts := Counts{
		Create: 1, Requeue: 1, Running: 1, Done: 1, Failed: 2, Canceled: 1, Deleted: 1, Conflicts: 1, Enqueue: 2,
		Lanes: lanes(2),
		Ended: map[ledger.State]int{ledger.Rejected: 1, ledger.Review: 1, ledger.Canceled: 1},
	}
	if diff := cmp.Diff(wantCounts, counts); diff != "" || counts.Rows() != 9 || counts.Attention() != 5 {
		t.Errorf("%d rows, %d to be attended to: %s", counts.Rows(), counts.Attention(), diff)
	}
	if b.asked != nil {
		t.Errorf("records were read: %v", b.asked)
	}
}

// lanes counts rows of the one lane.
func lanes(n int) map[tasks.Lane]int {
	return map[tasks.Lane]int{{Account: "default", Region: "bj"}: n}
}

func TestPlannerOfDuplicates(t *testing.T) {
	t.Parallel()
	b := &books{
		answers:   map[string]ledger.Registration{"known": {Result: lifecycle.RegisteredRepair, State: ledger.Queued}},
		duplicate: &tasks.Duplicate{Batch: "other", Key: "x", State: ledger.Created, HaVIPID: "havip-1"},
	}
	s := &sky{subnets: map[string]bce.Subnet{"sbn-1": {ID: "sbn-1"}}}
	tests := map[string]struct {
		sky   *sky
		allow bool
		want  []string
		count Counts
	}{
		"refused":      {nil, false, []string{"new duplicate duplicate", "known requeue "}, Counts{Duplicates: 1, Requeue: 1, Enqueue: 1, Lanes: lanes(1), Others: []tasks.Duplicate{*b.duplicate}}},
		"allowed":      {nil, true, []string{"new create warning", "known requeue "}, Counts{Create: 1, Requeue: 1, Enqueue: 2, Warnings: 1, Lanes: lanes(2)}},
		"refused live": {s, false, []string{"new duplicate duplicate", "known requeue "}, Counts{Duplicates: 1, Requeue: 1, Enqueue: 1, Lanes: lanes(1), Others: []tasks.Duplicate{*b.duplicate}}},
		"allowed live": {s, true, []string{"new create warning", "known requeue "}, Counts{Create: 1, Requeue: 1, Enqueue: 2, Warnings: 1, Lanes: lanes(2)}},
	}
	for name, test := range tests {
		p := planner(b, test.sky)
		p.AllowDuplicates = test.allow
		words, counts := planned(t, p, rowsOf("new sbn-1", "known sbn-1"))
		if diff := cmp.Diff(test.want, words) + cmp.Diff(test.count, counts, cmp.AllowUnexported(tasks.Duplicate{})); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// The remedy names the batches, each once, and only the commands that help.
func TestDuplicateRemedy(t *testing.T) {
	t.Parallel()
	kept := func(batch string) tasks.Duplicate { return tasks.Duplicate{Batch: batch, Key: "x"} }
	gone := func(batch string) tasks.Duplicate { return tasks.Duplicate{Batch: batch, Key: "x", BatchDeleted: true} }
	for name, test := range map[string]struct {
		others []tasks.Duplicate
		has    []string
		hasNot string
	}{
		"one batch":       {[]tasks.Duplicate{kept("spring 1"), kept("spring 1")}, []string{"--batch 'spring 1'", "--allow-duplicates"}, "import"},
		"several":         {[]tasks.Duplicate{kept("a"), kept("b"), kept("c"), kept("d"), kept("e")}, []string{"--batch: a, b, c, and 2 more"}, "import"},
		"a deleted one":   {[]tasks.Duplicate{gone("-old")}, []string{"`enqueue import -- -old FILE`", "--allow-duplicates"}, "--batch"},
		"several deleted": {[]tasks.Duplicate{gone("a"), gone("b")}, []string{"import", "a, b"}, "--batch"},
		"both":            {[]tasks.Duplicate{gone("a"), kept("b")}, []string{"`enqueue import a FILE`", "--batch b"}, "\x00"},
	} {
		got := DuplicateRemedy(test.others...)
		for _, want := range test.has {
			if !strings.Contains(got, want) {
				t.Errorf("%s: no %q in %q", name, want, got)
			}
		}
		if strings.Contains(got, test.hasNot) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A lane is listed once and a subnet read once for all rows; finished rows need neither.
func TestPlannerAsksBCELittle(t *testing.T) {
	t.Parallel()
	done := ledger.Registration{Result: lifecycle.RegisteredSame, State: ledger.Created}
	b := &books{answers: map[string]ledger.Registration{
		"done": done, "unsure": {Result: lifecycle.RegisteredSame, State: ledger.Unknown},
	}, records: map[string]ledger.Record{"unsure": *unknownOutcome(ledger.Unknown)}}
	s := &sky{
		subnets: map[string]bce.Subnet{"sbn-1": {ID: "sbn-1"}},
		havips:  []bce.HaVIP{havip("h1", "x", "10.0.0.1"), havip("h2", "unsure", "10.0.0.2"), havip("h3", "y", "10.0.0.3")},
	}
	_, counts := planned(t, planner(b, s), rowsOf("done sbn-9"))
	if s.lists+s.gets != 0 || counts.Done != 1 {
		t.Errorf("%d listings and %d subnets for what is done", s.lists, s.gets)
	}
	p := planner(b, s)
	var lists, reads counting
	p.Survey.Lists = func(tasks.Lane) tasks.Reader { return tasks.Reader{Rate: &lists} }
	p.Survey.Subnets = func(tasks.Lane) tasks.Reader { return tasks.Reader{Rate: &reads} }
	words, counts := planned(t, p, rowsOf("a sbn-1", "b sbn-none", "unsure sbn-1", "c sbn-1", "d sbn-none", "y sbn-1"))
	want := []string{"a create ", "b create fail", "unsure running adopt", "c create ", "d create fail", "y create warning"}
	if diff := cmp.Diff(want, words); diff != "" {
		t.Error(diff)
	}
	if s.lists != 2 || s.gets != 2 || lists != 2 || reads != 2 {
		t.Errorf("%d pages and %d subnets were read, of a budget of %d and %d; want 2 of each", s.lists, s.gets, lists, reads)
	}
	if counts.Enqueue != 5 || counts.Create != 3 || counts.Fail != 2 || counts.Adopt != 1 || counts.Warnings != 1 {
		t.Errorf("%+v", counts)
	}
	if diff := cmp.Diff([]string{"unsure"}, b.asked); diff != "" {
		t.Errorf("records read: %s", diff)
	}
}

// A row whose HaVIP is created while the plan is made gets no concern.
func TestPlannerBesideAWorker(t *testing.T) {
	t.Parallel()
	b := &books{owners: map[string]ledger.Owner{"h1": {Batch: "b", Key: "x"}}}
	free := 0
	s := &sky{subnets: map[string]bce.Subnet{"sbn-1": {AvailableIPs: &free}}, havips: []bce.HaVIP{havip("h1", "x", "10.0.0.1")}}
	words, _ := planned(t, planner(b, s), rowsOf("x sbn-1"))
	if diff := cmp.Diff([]string{"x create "}, words); diff != "" {
		t.Error(diff)
	}
}

// HaVIPs of a deleted batch of the same name are not the rows' own, but take their
// addresses.
func TestPlannerAfterABatchWasForgotten(t *testing.T) {
	t.Parallel()
	b := &books{owners: map[string]ledger.Owner{"h1": {Batch: "b", Key: "x"}}, past: 1}
	free := 0
	s := &sky{subnets: map[string]bce.Subnet{"sbn-1": {AvailableIPs: &free}}, havips: []bce.HaVIP{havip("h1", "x", "10.0.0.1")}}
	words, _ := planned(t, planner(b, s), rowsOf("x sbn-1"))
	if len(words) != 1 || !strings.HasPrefix(words[0], "x create fail") {
		t.Error(words)
	}
}

func TestPlannerEndsWithTheFirstError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	refused := &bce.Error{Kind: bce.KindAPI, StatusCode: 403, Code: bce.CodeAccessDenied}
	passing := &bce.Error{Kind: bce.KindTimeout, Sent: true}
	for name, test := range map[string]struct {
		b     *books
		s     *sky
		want  error
		lists int
	}{
		"the ledger":  {&books{err: broken}, &sky{}, broken, 1},
		"a wrong key": {&books{}, &sky{errs: []error{refused}}, refused, 1},
		"BCE is away": {&books{}, &sky{errs: []error{passing, passing, passing, passing, passing}}, context.Canceled, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			p := planner(test.b, test.s)
			if errors.Is(test.want, context.Canceled) { // while it waits to try again
				p.Survey.Lists = func(tasks.Lane) tasks.Reader { return tasks.Reader{Rate: canceling(cancel)} }
			}
			var failed []error
			rows := 0
			for _, err := range p.Rows(ctx, "b", rowsOf("a sbn-1", "b sbn-1")) {
				if err != nil {
					failed = append(failed, err)
				} else {
					rows++
				}
			}
			if len(failed) != 1 || rows != 0 || (!errors.Is(failed[0], test.want) && !errors.Is(failed[0], passing)) {
				t.Errorf("%d rows, then %v", rows, failed)
			}
			if test.s.lists != test.lists {
				t.Errorf("%d listings", test.s.lists)
			}
		})
	}
}

// counting is a rate without limit that counts.
type counting int

func (c *counting) Wait(context.Context) error {
	*c++
	return nil
}

// canceling is a rate that allows a request and then cancels the context.
type canceling context.CancelFunc

func (c canceling) Wait(context.Context) error {
	c()
	return nil
}

func TestPlannerStopsWhenTheLoopIsLeft(t *testing.T) {
	t.Parallel()
	many := make([]string, 2*lookAhead)
	for i := range many {
		many[i] = fmt.Sprintf("k%d sbn-1", i)
	}
	rows := 0
	for _, err := range planner(&books{}, nil).Rows(t.Context(), "b", rowsOf(many...)) {
		if rows++; err != nil || rows == lookAhead+1 {
			break
		}
	}
	if words, _ := planned(t, planner(&books{}, nil), rowsOf(many...)); len(words) != len(many) {
		t.Errorf("%d rows of %d", len(words), len(many))
	}
}

// A conflict that the shell causes, not the row, is explained.
func TestConflictTextNamesTheLane(t *testing.T) {
	t.Parallel()
	standing := &ledger.Spec{Key: "k", Account: "team", Region: "gz", Body: `{"name":"web","subnetId":"sbn-1","privateIpAddress":""}`}
	for want, item := range map[string]tasks.Item{
		`region is "gz" in the batch and "bj" here; a row without a region gets the one of --region or BCE_REGION; to match the existing items, pass --region gz`:                                                    {Account: "team", Region: "bj", Request: tasks.Request{Name: "web", SubnetID: "sbn-1"}},
		`account is "team" in the batch and "default" here; a row without an account gets "default"; for another one, add the column account`:                                                                        {Account: "default", Region: "gz", Request: tasks.Request{Name: "web", SubnetID: "sbn-1"}},
		`account is "team" in the batch and "default" here; region is "gz" in the batch and "bj" here; a row without a region gets the one of --region or BCE_REGION; to match the existing items, pass --region gz`: {Account: "default", Region: "bj", Request: tasks.Request{Name: "web", SubnetID: "sbn-1"}},
		`subnetId is "sbn-1" in the batch and "sbn-2" here; region is "gz" in the batch and "bj" here`:                                                                                                               {Account: "team", Region: "bj", Request: tasks.Request{Name: "web", SubnetID: "sbn-2"}},
	} {
		got, err := ConflictText(tasks.Comparison{Row: tasks.Row{Item: item}, Registration: ledger.Registration{Existing: standing}})
		if err != nil || got != want {
			t.Errorf("got  %s (%v)\nwant %s", got, err, want)
		}
	}
	owner := &ledger.Owner{Batch: "b", Key: "k"}
	got, err := ConflictText(tasks.Comparison{Row: tasks.Row{Item: tasks.Item{ClientToken: "mine"}}, TokenOwner: owner})
	if err != nil || got != `clientToken "mine" belongs to item "k" of batch "b"` {
		t.Errorf("got %s, %v", got, err)
	}
}
