package havip_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"havip"
	"havip/bce/bcesim"
	"havip/ledger"
	"havip/tasks"
	"havip/test/bubbletest"
)

func TestClientEnqueueAndWait(t *testing.T) {
	t.Parallel()
	inClientBubble(t, "create:answer=#2:400/PrivateIpInUseException", func(t *testing.T, f *clientFixture, _ *bubbletest.Redis) {
		client := havip.NewClient(f.rdb, havip.WithRegion("bj"), havip.WithAuthor("nightly job"))
		enqueued, err := client.Enqueue(t.Context(), "b", named("web-1", "web-2", "web-3")...)
		if err != nil {
			t.Fatal(err)
		}
		if enqueued.Added != 3 || enqueued.Requeued+enqueued.Known != 0 {
			t.Errorf("enqueued %+v", enqueued)
		}
		f.work(t)
		done, err := client.Batch("b").Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if done.Total != 3 || done.Failed() != 1 || done.Open() != 0 || done.Source.By != "nightly job" {
			t.Errorf("batch %+v", done)
		}
		live := f.sim.Truth().Live()
		for result, err := range enqueued.Results(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			made := slices.ContainsFunc(live, func(r bcesim.Record) bool {
				return r.HaVIPID == result.HaVIPID && r.PrivateIP == result.PrivateIPAddress && r.Name == result.Name
			})
			if made != (result.State == ledger.Created) || made == (result.Code == "PrivateIpInUseException") {
				t.Errorf("result %+v", result)
			}
		}
		if len(live) != 2 {
			t.Errorf("%d HaVIPs exist, want 2", len(live))
		}

		// The same call by another client, with one more item.
		again, err := client.Enqueue(t.Context(), "b", named("web-1", "web-2", "web-3", "web-4")...)
		if err != nil || again.Known != 3 || again.Added != 1 {
			t.Errorf("again: %+v, %v", again, err)
		}
		if done, err = again.Wait(t.Context()); err != nil || done.Total != 4 {
			t.Errorf("batch %+v, %v", done, err)
		}
		if n := len(f.sim.Truth().Live()); n != 3 {
			t.Errorf("%d HaVIPs exist, want 3", n)
		}
	})
}

// Many callers create the same item at once: one HaVIP is created, and all receive its ID.
func TestClientCreateByMany(t *testing.T) {
	t.Parallel()
	inClientBubble(t, "seed=7,create:commit-500=0.5", func(t *testing.T, f *clientFixture, _ *bubbletest.Redis) {
		f.work(t)
		const callers = 12
		ids := make([]string, callers)
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				client := havip.NewClient(f.rdb, havip.WithRegion("bj"))
				result, err := client.Create(t.Context(), "automation", named("gateway")[0])
				if err != nil || result.PrivateIPAddress == "" {
					t.Errorf("%+v, %v", result, err)
				}
				ids[i] = result.HaVIPID
			})
		}
		wg.Wait()
		live := f.sim.Truth().Live()
		if len(live) != 1 || slices.ContainsFunc(ids, func(id string) bool { return id != live[0].HaVIPID }) {
			t.Errorf("%d HaVIPs exist, and callers received %v", len(live), ids)
		}
	})
}

// Clients on one connection share go-redis's pipeline; none closes it for the others.
func TestClientEnqueueByMany(t *testing.T) {
	t.Parallel()
	f, _ := newClientFixture(t)
	shared := havip.NewClient(f.rdb, havip.WithRegion("bj"))
	const callers, rounds = 8, 20
	var wg sync.WaitGroup
	for i := range callers {
		wg.Go(func() {
			client := shared
			if i%2 == 0 {
				client = havip.NewClient(f.rdb, havip.WithRegion("bj"))
			}
			for round := range rounds {
				names := []string{fmt.Sprintf("a%d-%d", i, round), fmt.Sprintf("b%d-%d", i, round)}
				if _, err := client.Enqueue(t.Context(), "automation", named(names...)...); err != nil {
					t.Errorf("caller %d, round %d: %v", i, round, err)
				}
			}
		})
	}
	wg.Wait()
	b, err := shared.Batch("automation").Status(t.Context())
	if err != nil || b.Total != 2*callers*rounds {
		t.Errorf("%d items, %v; want %d", b.Total, err, 2*callers*rounds)
	}
}

func TestClientCreateRejected(t *testing.T) {
	t.Parallel()
	inClientBubble(t, "create:answer=x1:400/PrivateIpInUseException", func(t *testing.T, f *clientFixture, _ *bubbletest.Redis) {
		f.work(t)
		client := havip.NewClient(f.rdb, havip.WithRegion("bj"))
		for range 2 { // the second call does not retry it
			result, err := client.Create(t.Context(), "automation", named("gateway")[0])
			var failed *havip.FailedError
			if !errors.As(err, &failed) || result.State != ledger.Rejected || failed.Result.Code != "PrivateIpInUseException" {
				t.Fatalf("%+v, %v", result, err)
			}
			const want = `item "gateway" of batch "automation" is rejected: PrivateIpInUseException `
			if !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "`enqueue retry`") {
				t.Errorf("the error says %q", err)
			}
		}
	})
}

func TestClientRefusesItems(t *testing.T) {
	t.Parallel()
	inClientBubble(t, "", func(t *testing.T, f *clientFixture, _ *bubbletest.Redis) {
		noRegion := havip.NewClient(f.rdb)
		client := havip.NewClient(f.rdb, havip.WithRegion("bj"))
		tests := map[string]struct {
			client *havip.Client
			batch  string
			items  []havip.Item
			want   string
		}{
			"two fields": {
				client, "b",
				[]havip.Item{{Key: "k", Request: havip.Request{Name: "1st", SubnetID: "vpc-1"}}},
				`items[0]: name "1st": must start with a letter or a Chinese character; ` +
					`subnetId "vpc-1": must be a subnet ID such as sbn-dk8gl9bc; nothing was enqueued`,
			},
			"a region": {noRegion, "b", named("ok"), `items[0]: region "": is required; nothing was enqueued`},
			"a key twice": {
				client, "b", named("a", "b", "a"),
				`items[2]: key "a": is also the key of items[0]; give each item a unique key; nothing was enqueued`,
			},
			"a batch":  {client, "{b}", named("ok"), `batch "{b}": must not contain { or }`},
			"no items": {client, "b", nil, `batch "b": no items to enqueue`},
		}
		for name, test := range tests {
			if _, err := test.client.Enqueue(t.Context(), test.batch, test.items...); err == nil || err.Error() != test.want {
				t.Errorf("%s:\n got  %v\n want %s", name, err, test.want)
			}
		}
		if keys := f.rdb.Keys(t.Context(), "*").Val(); len(keys) > 0 {
			t.Errorf("something was enqueued: %v", keys)
		}
	})
}

func TestClientConflict(t *testing.T) {
	t.Parallel()
	inClientBubble(t, "", func(t *testing.T, f *clientFixture, _ *bubbletest.Redis) {
		client := havip.NewClient(f.rdb, havip.WithRegion("bj"))
		mine := named("tokened")[0]
		mine.ClientToken = "mine"
		if _, err := client.Enqueue(t.Context(), "b", append(named("a", "b"), mine)...); err != nil {
			t.Fatal(err)
		}
		changed := named("new", "a", "thief")
		changed[1].Request.SubnetID, changed[2].ClientToken = "sbn-2", "mine"
		_, err := client.Enqueue(t.Context(), "b", changed...)
		var conflict *havip.ConflictError
		if !errors.As(err, &conflict) {
			t.Fatalf("got %v, want a ConflictError", err)
		}
		want := []tasks.Conflict{
			{Item: changed[1].WithDefaults("bj"), Differences: []tasks.Difference{{Field: "subnetId", Existing: "sbn-1", Wanted: "sbn-2"}}},
			{Item: changed[2].WithDefaults("bj"), TokenOwner: &ledger.Owner{Batch: "b", Key: "tokened"}},
		}
		if diff := cmp.Diff(want, conflict.Conflicts); diff != "" {
			t.Errorf("conflicts (-want +got):\n%s", diff)
		}
		const text = `batch "b" has other requests under these keys: item "a": subnetId is "sbn-1" in the batch and "sbn-2" here; ` +
			`item "thief": clientToken "mine" belongs to item "tokened" of batch "b"; give a changed item a new key, or use another batch`
		if err.Error() != text {
			t.Errorf("the error says\n %s\nwant\n %s", err, text)
		}
		var missing *ledger.ItemNotFoundError
		if _, err := client.Batch("b").Result(t.Context(), "new"); !errors.As(err, &missing) {
			t.Errorf("an item was enqueued despite a conflict: %v", err)
		}
	})
}

// The name of an archived batch is reserved for programs as well, and the error does not say to repeat the call.
func TestClientArchivedBatch(t *testing.T) {
	t.Parallel()
	f, _ := newClientFixture(t)
	client := havip.NewClient(f.rdb, havip.WithRegion("bj"))
	if _, err := client.Enqueue(t.Context(), "b", named("a")...); err != nil {
		t.Fatal(err)
	}
	records := ledger.New(f.rdb)
	item, err := records.Item(t.Context(), "b", "a")
	if err == nil {
		_, err = records.Cancel(t.Context(), "b", "", []ledger.Item{item})
	}
	if err != nil {
		t.Fatal(err)
	}
	archive := &ledger.Archive{File: "/srv/b.archive"}
	if result, err := records.Forget(t.Context(), "b", ledger.Forgetting{By: "li@host", Archive: archive}); err != nil || result != ledger.ForgottenNow {
		t.Fatal(result, err)
	}
	var archived *ledger.BatchNotFoundError
	_, err = client.Enqueue(t.Context(), "b", named("a", "new")...)
	if !errors.As(err, &archived) || archived.Archive == nil || strings.Contains(err.Error(), "repeat the call") {
		t.Errorf("enqueued in an archived batch: %v", err)
	}
}

func TestClientWaitEnds(t *testing.T) {
	t.Parallel()
	inClientBubble(t, "", func(t *testing.T, f *clientFixture, _ *bubbletest.Redis) {
		client := havip.NewClient(f.rdb, havip.WithRegion("bj"))
		var noBatch *ledger.BatchNotFoundError
		if _, err := client.Batch("nobody").Wait(t.Context()); !errors.As(err, &noBatch) {
			t.Errorf("wait for no batch: %v", err)
		}
		for _, err := range client.Batch("nobody").Results(t.Context()) {
			if !errors.As(err, &noBatch) {
				t.Errorf("results of no batch: %v", err)
			}
		}
		enqueued, err := client.Enqueue(t.Context(), "b", named("a")...) // there is no worker
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		seen, err := enqueued.Wait(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || seen.Total != 1 || !strings.Contains(err.Error(), `wait for batch "b", 1 of 1 items open`) {
			t.Errorf("wait: %+v, %v", seen, err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if _, err := enqueued.Await(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), `item "a" of batch "b", last state queued`) {
			t.Errorf("await: %v", err)
		}
		var noItem *ledger.ItemNotFoundError
		if _, err := enqueued.Await(t.Context(), "z"); !errors.As(err, &noItem) {
			t.Errorf("await no item: %v", err)
		}
	})
}

func TestClientPatienceEnds(t *testing.T) {
	t.Parallel()
	inClientBubble(t, "", func(t *testing.T, f *clientFixture, server *bubbletest.Redis) {
		client := havip.NewClient(f.rdb, havip.WithRegion("bj"), havip.WithPatience(time.Millisecond))
		enqueued, err := client.Enqueue(t.Context(), "b", named("a")...)
		if err != nil {
			t.Fatal(err)
		}
		first := true
		var last error
		for _, err := range enqueued.Events(t.Context(), "") {
			if last = err; first {
				first = false
				server.Cut()
			}
		}
		if last == nil {
			t.Error("the events ended as if the batch were done")
		}
		if _, err := enqueued.Wait(t.Context()); err == nil { // this call has never received an answer
			t.Error("without Redis, a wait ended as if the batch were done")
		}
	})
}

func TestClientEvents(t *testing.T) {
	t.Parallel()
	f, _ := newClientFixture(t)
	client := havip.NewClient(f.rdb, havip.WithRegion("bj"))
	const items = 620 // more than a page of events
	var names []string
	for i := range items {
		names = append(names, fmt.Sprintf("vip-%03d", i))
	}
	enqueued, err := client.Enqueue(t.Context(), "b", named(names...)...)
	if err != nil {
		t.Fatal(err)
	}
	var working sync.WaitGroup
	defer working.Wait()
	working.Go(func() {
		for _, name := range names {
			f.create(t, "b", name, "10.0.0.1")
		}
	})
	// Each reader continues where the previous one stopped.
	created, after, readers := map[string]int{}, "", 0
	for more := true; more; readers++ {
		seen := 0
		more = false
		for event, err := range enqueued.Events(t.Context(), after) {
			if err != nil {
				t.Fatal(err)
			}
			after = event.ID
			if event.Kind == string(ledger.Created) {
				created[event.Key]++
			}
			if seen++; seen == 300 {
				more = true
				break
			}
		}
	}
	if done, err := enqueued.Status(t.Context()); err != nil || !done.Done() {
		t.Errorf("the events ended before the batch: %+v, %v", done, err)
	}
	if len(created) != items || slices.Max(slices.Collect(maps.Values(created))) != 1 || readers < 3 {
		t.Errorf("%d readers received events of %d items", readers, len(created))
	}
	for event, err := range enqueued.Events(t.Context(), after) {
		t.Errorf("after the last: %+v, %v", event, err)
	}
}

// Events that were deleted before they were read are reported once, and the remaining events follow.
func TestClientEventsForgotten(t *testing.T) {
	t.Parallel()
	inClientBubble(t, "", func(t *testing.T, f *clientFixture, _ *bubbletest.Redis) {
		f.work(t)
		client := havip.NewClient(f.rdb, havip.WithRegion("bj"))
		enqueued, err := client.Enqueue(t.Context(), "b", named("a", "b", "c")...)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := enqueued.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		var all []ledger.Event
		for event, err := range enqueued.Events(t.Context(), "") {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, event)
		}
		const kept = 3
		if err := f.rdb.XTrimMaxLen(t.Context(), "havip:{b}:events", kept).Err(); err != nil {
			t.Fatal(err)
		}
		var got []ledger.Event
		var gaps []error
		for event, err := range enqueued.Events(t.Context(), all[0].ID) {
			if err != nil {
				gaps = append(gaps, err)
				continue
			}
			got = append(got, event)
		}
		if diff := cmp.Diff(all[len(all)-kept:], got); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
		var forgotten *havip.ForgottenError
		if len(gaps) != 1 || !errors.As(gaps[0], &forgotten) || forgotten.After != all[0].ID {
			t.Errorf("gaps %v", gaps)
		}
		for event, err := range enqueued.Events(t.Context(), "yesterday") {
			if err == nil || !strings.Contains(err.Error(), `events of batch "b" after "yesterday"`) {
				t.Errorf("with an invalid ID: %+v, %v", event, err)
			}
		}
	})
}
