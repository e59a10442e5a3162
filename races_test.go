package havip_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"havip"
	"havip/ledger"
	"havip/lifecycle"
	"havip/test/bubbletest"
)

// after is a hook that calls do when the nth command or transaction of a kind was answered, before its
// caller receives the answer.
type after struct {
	nth  int
	kind string
	do   func()

	mu   sync.Mutex
	seen int
}

func (a *after) DialHook(next redis.DialHook) redis.DialHook { return next }

func (a *after) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		a.count(cmd.Name())
		return err
	}
}

func (a *after) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		a.count(cmds[min(1, len(cmds)-1)].Name()) // the first may be MULTI
		return err
	}
}

func (a *after) count(kind string) {
	if kind != a.kind {
		return
	}
	a.mu.Lock()
	a.seen++
	due := a.seen == a.nth
	a.mu.Unlock()
	if due {
		a.do()
	}
}

// create records the item's HaVIP as a worker would; an address "" is not known yet.
func (f *clientFixture) create(t *testing.T, batch, key, address string) {
	t.Helper()
	start, err := f.workers.Begin(t.Context(), batch, key, ledger.Known{}, ledger.BeginOptions{Worker: "w", Ticket: "t", Lease: 1e9})
	if err != nil || start.Result != lifecycle.StartSend {
		t.Errorf("begin: %+v, %v", start, err)
	}
	outcome := ledger.Outcome{Ticket: "t", State: ledger.Created, Class: "created", Counted: true, HaVIPID: "havip-" + key, PrivateIPAddress: address}
	if _, _, err := f.workers.Record(t.Context(), batch, key, ledger.Known{}, 1, outcome); err != nil {
		t.Error(err)
	}
	if address != "" {
		f.confirm(t, batch, key, address)
	}
}

// confirm records that BCE lists the HaVIP.
func (f *clientFixture) confirm(t *testing.T, batch, key, address string) {
	t.Helper()
	look := ledger.Look{Key: key, HaVIPID: "havip-" + key, Shown: &ledger.ListedHaVIP{At: time.Now(), Address: address}}
	if _, err := f.workers.Confirm(t.Context(), batch, []ledger.Look{look}); err != nil {
		t.Error(err)
	}
}

// The last events are delivered even if the batch finishes between two reads.
func TestClientEventsEndWithTheLast(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"hmget", "xrange"} {
		t.Run("after "+kind, func(t *testing.T) {
			t.Parallel()
			inClientBubble(t, "", func(t *testing.T, f *clientFixture, _ *bubbletest.Redis) {
				batch, err := havip.NewClient(f.rdb, havip.WithRegion("bj")).Enqueue(t.Context(), "b", named("a")...)
				if err != nil {
					t.Fatal(err)
				}
				f.rdb.AddHook(&after{nth: 2, kind: kind, do: func() { f.create(t, "b", "a", "10.0.0.1") }})
				var kinds []string
				for event, err := range batch.Events(t.Context(), "") {
					if err != nil {
						t.Fatal(err)
					}
					kinds = append(kinds, event.Kind)
				}
				if diff := cmp.Diff([]string{"registered", "committed", "created", "completed"}, kinds); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Results are valid input: an address that BCE assigned is not a conflict.
func TestClientTakesResultsForTheirItems(t *testing.T) {
	t.Parallel()
	inClientBubble(t, "", func(t *testing.T, f *clientFixture, _ *bubbletest.Redis) {
		client := havip.NewClient(f.rdb, havip.WithRegion("bj"))
		asked := append(named("automatic", "unknown"), havip.Item{Request: havip.Request{Name: "fixed", SubnetID: "sbn-1", PrivateIPAddress: "10.0.0.9"}})
		if _, err := client.Enqueue(t.Context(), "havips", asked...); err != nil {
			t.Fatal(err)
		}
		f.create(t, "havips", "automatic", "10.0.0.1")
		f.create(t, "havips", "fixed", "10.0.0.9")
		with := func(i int, address, description string) havip.Item {
			item := asked[i]
			item.Request.PrivateIPAddress, item.Request.Description = address, description
			return item
		}
		if _, err := client.Enqueue(t.Context(), "havips", with(0, "10.0.0.1", ""), asked[1], asked[2]); err != nil {
			t.Errorf("the items as their results have them: %v", err)
		}
		result, err := client.Batch("havips").Result(t.Context(), "automatic")
		if err != nil || result.HaVIPID != "havip-automatic" || result.Attempts != 1 {
			t.Errorf("result %+v, %v", result, err)
		}
		for name, c := range map[string]struct {
			item   havip.Item
			fields []string
		}{
			"another address than BCE chose":       {with(0, "10.0.0.2", ""), []string{"privateIpAddress"}},
			"an address before BCE chose one":      {with(1, "10.0.0.3", ""), []string{"privateIpAddress"}},
			"no address any more":                  {with(2, "", ""), []string{"privateIpAddress"}},
			"BCE's address and another text":       {with(0, "10.0.0.1", "d"), []string{"description"}},
			"another address and another text too": {with(0, "10.0.0.2", "d"), []string{"privateIpAddress", "description"}},
		} {
			_, err := client.Enqueue(t.Context(), "havips", c.item)
			var conflict *havip.ConflictError
			if !errors.As(err, &conflict) {
				t.Errorf("%s: got %v", name, err)
				continue
			}
			var fields []string
			for _, d := range conflict.Conflicts[0].Differences {
				fields = append(fields, d.Field)
			}
			if diff := cmp.Diff(c.fields, fields); diff != "" {
				t.Errorf("%s: differences (-want +got):\n%s", name, diff)
			}
		}
	})
}

// Waiting includes the confirmation of a created HaVIP, which records its address.
func TestClientWaitsForConfirmation(t *testing.T) {
	t.Parallel()
	inClientBubble(t, "", func(t *testing.T, f *clientFixture, _ *bubbletest.Redis) {
		batch, err := havip.NewClient(f.rdb, havip.WithRegion("bj")).Enqueue(t.Context(), "b", named("a")...)
		if err != nil {
			t.Fatal(err)
		}
		f.create(t, "b", "a", "")
		f.rdb.AddHook(&after{nth: 3, kind: "hmget", do: func() {
			f.confirm(t, "b", "a", "10.0.0.1")
		}})
		if done, err := batch.Wait(t.Context()); err != nil || !done.Done() {
			t.Errorf("batch %+v, %v", done, err)
		}
		if result, err := batch.Await(t.Context(), "a"); err != nil || result.PrivateIPAddress != "10.0.0.1" {
			t.Errorf("result %+v, %v", result, err)
		}
	})
}

// Redis is killed during an enqueue; repeating the call enqueues each item exactly once.
func TestClientEnqueueThroughARestart(t *testing.T) {
	t.Parallel()
	f, server := newClientFixture(t)
	const items = 3100 // more than three chunks; two may be in flight
	var names []string
	for i := range items {
		names = append(names, fmt.Sprintf("vip-%04d", i))
	}
	client := havip.NewClient(f.rdb, havip.WithRegion("bj"))
	// By then the first thousand are in the queue, but not all are marked as enqueued.
	killed := make(chan struct{})
	f.rdb.AddHook(&after{nth: 15, kind: "evalsha", do: func() { server.Kill(); close(killed) }})
	_, err := client.Enqueue(t.Context(), "b", named(names...)...)
	if err == nil || !strings.Contains(err.Error(), "repeat the call") {
		t.Fatalf("got %v", err)
	}
	<-killed
	server.Restart(t)
	f.awaitConnection(t)
	again, err := client.Enqueue(t.Context(), "b", named(names...)...)
	if err != nil || again.Added+again.Requeued+again.Known != items || again.Added == 0 || again.Requeued == 0 {
		t.Fatalf("again: %+v, %v", again, err)
	}
	queue := "asynq:{havip.default.bj}:pending"
	if pending, err := f.rdb.LLen(t.Context(), queue).Result(); err != nil || pending != items {
		t.Errorf("%d tasks are pending, %v; want %d", pending, err, items)
	}
}

// awaitConnection waits until the client reaches Redis again: after many failures, go-redis dials once a
// second and returns the last error meanwhile.
func (f *clientFixture) awaitConnection(t *testing.T) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for f.rdb.Ping(t.Context()).Err() != nil {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

// A gap is reported once, even if no event follows it.
func TestClientReportsAGapOnce(t *testing.T) {
	t.Parallel()
	inClientBubble(t, "", func(t *testing.T, f *clientFixture, _ *bubbletest.Redis) {
		batch, err := havip.NewClient(f.rdb, havip.WithRegion("bj")).Enqueue(t.Context(), "b", named("a")...)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.rdb.XTrimMaxLen(t.Context(), "havip:{b}:events", 0).Err(); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		f.rdb.AddHook(&after{nth: 4, kind: "xrange", do: cancel})
		gaps := 0
		for event, err := range batch.Events(ctx, "1-1") {
			var gap *havip.ForgottenError
			switch {
			case errors.As(err, &gap):
				gaps++
			case !errors.Is(err, context.Canceled):
				t.Errorf("%+v, %v", event, err)
			}
		}
		if gaps != 1 {
			t.Errorf("a gap was reported %d times", gaps)
		}
	})
}
