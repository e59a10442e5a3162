package worker

import (
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/rs/zerolog"

	"havip/ledger"
	"havip/lifecycle"
	"havip/test/bubbletest"
)

// deadWorker is one that was killed while it held these items, sending those it was told to.
func (f *membershipFixture) deadWorker(t *testing.T, living *Membership, sending, holding []string) Silence {
	t.Helper()
	p := f.present(t, "killed")
	dead := name(t, p)
	for _, key := range append(append([]string{}, sending...), holding...) {
		_ = p.ClaimItem(t.Context(), batch, key) // never let go: it was killed
	}
	for _, key := range sending {
		f.begin(t, dead, key, lifecycle.StartSend)
	}
	equal(t, "found dead", f.silent(t, living), []string{dead})
	return beatAt(t, living)[0]
}

// rescue is all that can be done now; it answers when more can.
func (f *membershipFixture) rescue(t *testing.T, r *Rescuer, dead Silence) time.Duration {
	t.Helper()
	again, err := r.Rescue(t.Context(), dead)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// Many rescuers at once enqueue one task, before all that waits, when the dead worker's request is over, and no
// sooner, whatever Redis's clock says.
func TestRescueOnce(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		living := f.present(t, "living")
		f.register(t, "a")
		if _, err := asynq.NewClientFromRedisClient(f.rdb).EnqueueContext(t.Context(), asynq.NewTask("x", nil), asynq.Queue(bjQueue), asynq.TaskID("before")); err != nil {
			t.Fatal(err)
		}
		dead := f.deadWorker(t, living, []string{"a"}, nil)
		f.step(time.Hour)
		again := f.rescue(t, f.rescuer(), dead)
		equal(t, "is retried", again, requestBound-DeadAfter)
		equal(t, "tasks so far", f.pending(t), []string{"before"})
		f.begin(t, name(t, living), "a", lifecycle.StartBusy)
		f.step(-2 * time.Hour)
		f.pass(again)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if again, err := f.rescuer().Rescue(t.Context(), dead); err != nil || again != 0 {
					t.Error(again, err)
				}
			})
		}
		wg.Wait()
		equal(t, "order of tasks", f.pending(t), []string{rescueOf("a", dead.Worker), "before"})
		equal(t, "notes left", f.claimedBy(t, dead.Worker), []ledger.ClaimedItem{})
		equal(t, "dead to be rescued", beat(t, living), []string(nil))
		rec := f.begin(t, name(t, living), "a", lifecycle.StartSend).Item.Record
		equal(t, "sends, attempts, outcome unknown", []any{rec.Sends, rec.Attempts, rec.Unknown}, []any{2, 1, true})
	})
}

// The task of an item that only waited in the dead worker goes on as well; one that was recorded
// needs nothing, and its note vanishes.
func TestRescueWhatNeedsIt(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		living := f.present(t, "living")
		f.register(t, "created", "in its lane", "other's")
		dead := f.deadWorker(t, living, []string{"created"}, []string{"in its lane", "other's", "absent"})
		created := ledger.Outcome{State: ledger.Created, Class: "created", Counted: true, HaVIPID: "havip-1", PrivateIPAddress: "10.0.0.1"}
		if _, _, err := f.Record(t.Context(), batch, "created", ledger.Known{}, 1, created); err != nil {
			t.Fatal(err)
		}
		f.begin(t, name(t, living), "other's", lifecycle.StartSend)
		f.rescue(t, f.rescuer(), dead)
		equal(t, "tasks", f.pending(t), []string{rescueOf("in its lane", dead.Worker)})
		equal(t, "notes left", f.claimedBy(t, dead.Worker), []ledger.ClaimedItem{})
		equal(t, "dead to be rescued", beat(t, living), []string(nil))
		f.begin(t, "third", "other's", lifecycle.StartBusy)
	})
}

// A live worker's attempt is nobody's business, also when its beat is late.
func TestTheLivingAreNotRescued(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		living, late := f.present(t, "living"), f.present(t, "late")
		f.register(t, "a")
		unclaim := late.ClaimItem(t.Context(), batch, "a")
		defer unclaim()
		before := f.begin(t, name(t, late), "a", lifecycle.StartSend).Item.Record
		f.late(t, living)
		item, err := f.Item(t.Context(), batch, "a")
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "record", item.Record, before)
		equal(t, "tasks", f.pending(t), []string{})
	})
}

// What a rescuer leaves undone when it is killed, another does; what it did is not done twice.
func TestRescuerDiesHalfWay(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		living := f.present(t, "living")
		f.register(t, "a", "b", "c")
		dead := f.deadWorker(t, living, []string{"a", "b", "c"}, nil)
		f.pass(requestBound)
		dying := f.rescuerInto(&faultyQueue{Queue: asynq.NewClientFromRedisClient(f.rdb), left: 2})
		if _, err := dying.Rescue(t.Context(), dead); err == nil {
			t.Fatal("no error from a queue that is away")
		}
		equal(t, "tasks so far", len(f.pending(t)), 2)
		equal(t, "dead to be rescued", beat(t, living), []string{dead.Worker})
		f.rescue(t, f.rescuer(), dead)
		f.rescue(t, f.rescuer(), dead)
		equal(t, "tasks", len(f.pending(t)), 3)
		equal(t, "dead to be rescued", beat(t, living), []string(nil))
	})
}

// The worker that carries out a rescue may be killed before it sends: its item is rescued again,
// though asynq still holds the first rescue's task for it.
func TestRescueOfARescue(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		living := f.present(t, "living")
		f.register(t, "a")
		first := f.deadWorker(t, living, nil, []string{"a"})
		f.rescue(t, f.rescuer(), first)
		second := f.deadWorker(t, living, nil, []string{"a"})
		f.rescue(t, f.rescuer(), second)
		equal(t, "tasks", f.pending(t), []string{rescueOf("a", second.Worker), rescueOf("a", first.Worker)})
	})
}

// An item whose request cannot be read has no task made of it; it stays to be rescued.
func TestRescueOfTheUnreadable(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		living := f.present(t, "living")
		specs := []ledger.Spec{{Key: "a", Fingerprint: "a", ClientToken: "token-a", Account: "default", Region: "bj"}}
		if _, err := f.Register(t.Context(), batch, ledger.Source{}, specs); err != nil {
			t.Fatal(err)
		}
		dead := f.deadWorker(t, living, nil, []string{"a"})
		f.rescue(t, f.rescuer(), dead)
		equal(t, "tasks", f.pending(t), []string{})
		equal(t, "dead to be rescued", beat(t, living), []string{dead.Worker})
	})
}

// A task that a worker took meanwhile is not put in a second time.
func TestToFrontMovesOnlyWhatIsPending(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		if err := f.rescuer().toFront(t.Context(), &asynq.TaskInfo{ID: "taken", Queue: bjQueue}); err != nil {
			t.Fatal(err)
		}
		equal(t, "tasks", f.pending(t), []string{})
	})
}

// The watch of a worker that has just started rescues what a dead one held and had under way, without being
// told, within 20 seconds; stopped, it is out of the fleet.
func TestWatch(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		f.register(t, "a", "sending")
		killed := f.present(t, "killed")
		dead := name(t, killed)
		_ = killed.ClaimItem(t.Context(), batch, "a")
		_ = killed.ClaimItem(t.Context(), batch, "sending")
		f.begin(t, dead, "sending", lifecycle.StartSend)

		p := NewMembership(f.Ledger, "started", zerolog.Nop())
		taken := make(chan string, 1)
		signals := &signalQueue{Queue: asynq.NewClientFromRedisClient(f.rdb), taken: taken}
		began := time.Now()
		w, err := StartWatch(p, f.rescuerInto(signals), &outage{log: zerolog.Nop()}, noObserver{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(w.Stop)
		equal(t, "rescued", <-taken, rescueOf("a", dead))
		equal(t, "after", time.Since(began), DeadAfter)
		equal(t, "rescued", <-taken, rescueOf("sending", dead))
		equal(t, "after", time.Since(began), requestBound)
		started := name(t, p)
		_ = p.ClaimItem(t.Context(), batch, "left over")
		w.Stop()
		w.Stop()
		third := f.present(t, "third")
		heartbeats := beat(t, third)
		if len(heartbeats) == 0 || heartbeats[len(heartbeats)-1] != started {
			t.Errorf("dead to be rescued after a stop with an item in hand: %q, want %s among them", heartbeats, started)
		}
		noted, err := f.ClaimItem(t.Context(), started, ledger.ClaimedItem{Batch: batch, Key: "a"})
		if err != nil || noted {
			t.Errorf("after leaving: alive %v, %v", noted, err)
		}
	})
}

func TestWatchNeedsRedis(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		w, err := StartWatch(NewMembership(ledger.New(unreachable(t)), "w", zerolog.Nop()), f.rescuer(), &outage{log: zerolog.Nop()}, noObserver{})
		if err == nil {
			w.Stop()
			t.Error("a watch began without redis")
		}
	})
}
