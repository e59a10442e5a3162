package worker

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/ledger"
	"havip/tasks"
	"havip/test/bubbletest"
)

// garble leaves of an item's record what nobody can read, as a hand or a broken Redis would.
func garble(t *testing.T, rdb redis.UniversalClient, name, key string) {
	t.Helper()
	if err := rdb.HSet(t.Context(), "havip:{"+name+"}:records", key, "\x00garbage").Err(); err != nil {
		t.Fatal(err)
	}
}

// One item that cannot be read, of a batch that comes first, keeps no other batch from being confirmed.
func TestConfirmerSkipsTheUnreadable(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		first := redis.Z{Score: 1, Member: "aaa"}
		for _, key := range []string{"havip:{aaa}:unconfirmed", "havip:{aaa}:open"} {
			f.rdb.ZAdd(t.Context(), key, redis.Z{Score: 1, Member: "k"})
		}
		f.rdb.ZAdd(t.Context(), "havip:active", first)
		f.rdb.HSet(t.Context(), "havip:{aaa}:specs", "k", "{}")
		garble(t, f.rdb, "aaa", "k")
		f.start(t, "w1", f.lane(t, "bj", 0))
		f.enqueue(t, "bj", 3)
		f.await(t)
		f.exactlyOnce(t)
	})
}

// One item that cannot be read, or that no task can be made of, keeps no other item from being requeued.
func TestReconcilerSkipsTheUnreadable(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		const n = 12
		f.enqueue(t, "bj", n)
		garble(t, f.rdb, batch, "bj-000")
		if err := f.rdb.HSet(t.Context(), "havip:{"+batch+"}:specs", "bj-005", `{"account":"default","region":"bj"}`).Err(); err != nil {
			t.Fatal(err)
		}
		f.flushQueue(t)
		r := f.reconcilerAt(staleAfter+time.Second, "w1")
		r.bounds = lostBounds{aRound: 8, atOnce: 4}
		r.mustRound(t)
		r.mustRound(t)
		if got := f.pending(t); len(got) != n-2 {
			t.Errorf("%d of %d items have a task again: %v", len(got), n-2, got)
		}
	})
}

// An archived task whose item cannot be read is left for people; those archived after it are settled.
func TestReconcilerKeepsTheArchivedTaskOfTheUnreadable(t *testing.T) {
	t.Parallel()
	inBubble(t, "", "", func(t *testing.T, f *workerFixture) {
		f.enqueue(t, "bj", 2)
		inspector := asynq.NewInspectorFromRedisClient(f.rdb)
		for _, key := range []string{"bj-000", "bj-001"} {
			if err := inspector.ArchiveTask(bjQueue, tasks.TaskID(batch, key, 1)); err != nil {
				t.Fatal(err)
			}
		}
		garble(t, f.rdb, batch, "bj-000")
		f.reconcilerAt(0, "w1").mustRound(t)
		if got := f.pending(t); len(got) != 1 || got[0] != tasks.TaskID(batch, "bj-001", 1) {
			t.Errorf("pending %v", got)
		}
	})
}

// What a dead worker held of which nothing can be read is left, and can be rescued once it is put right; everything
// else goes on at once.
func TestRescueSkipsTheUnreadable(t *testing.T) {
	t.Parallel()
	bubbletest.Run(t, func(t *testing.T) {
		f := newMembershipFixture(t)
		living := f.present(t, "living")
		keys := []string{"a", "b", "c", "d"}
		f.register(t, keys...)
		dead := f.deadWorker(t, living, nil, keys)
		const records = "havip:{" + batch + "}:records"
		before, err := f.rdb.HGet(t.Context(), records, "b").Result()
		if err != nil {
			t.Fatal(err)
		}
		garble(t, f.rdb, batch, "b")
		f.rescue(t, f.rescuer(), dead)
		equal(t, "tasks", len(f.pending(t)), len(keys)-1)
		equal(t, "notes left", f.claimedBy(t, dead.Worker), []ledger.ClaimedItem{{Batch: batch, Key: "b"}})
		if err := f.rdb.HSet(t.Context(), records, "b", before).Err(); err != nil {
			t.Fatal(err)
		}
		f.rescue(t, f.rescuer(), dead)
		equal(t, "tasks", len(f.pending(t)), len(keys))
		equal(t, "dead to be rescued", beat(t, living), []string(nil))
	})
}

// Each damaged item is told once. Every other error stays one.
func TestDamageIsToldOnce(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	var d damage
	log := zerolog.New(&out)
	two := &ledger.UnreadableError{Batch: "b", Faults: map[string]error{"k": errors.New("x"), "l": errors.New("x")}}
	for _, test := range []struct {
		err     error
		skipped int
		other   error
	}{{nil, 0, nil}, {ledger.Unreadable("b", "k", errors.New("x")), 1, nil}, {fmt.Errorf("page: %w", two), 2, nil}, {errors.ErrUnsupported, 0, errors.ErrUnsupported}} {
		if skipped, other := d.skip(log, test.err); skipped != test.skipped || !errors.Is(other, test.other) {
			t.Errorf("%v: %d skipped, %v", test.err, skipped, other)
		}
	}
	if lines := strings.Count(out.String(), `"level":"error"`); lines != 2 {
		t.Errorf("told %d times:\n%s", lines, out.String())
	}
}
