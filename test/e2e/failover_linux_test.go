package e2e

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"havip/ledger"
	"havip/test/redistest"
)

var failovers = flag.Int("failovers", 5, "how many planned failovers each TestSlowPlannedFailovers goes through")

// TestPlannedFailover: while sentinels replace a master that lives, no command that changes something exits
// with 0 and is forgotten.
func TestPlannedFailover(t *testing.T) {
	t.Parallel()
	testPlannedFailovers(t, 1, 1)
}

// TestSlowPlannedFailovers does it many times, also with a second replica, which follows the old master for
// longest, and with a master that demands one.
func TestSlowPlannedFailovers(t *testing.T) {
	t.Parallel()
	for name, setting := range map[string]struct {
		replicas int
		lines    []string
	}{
		"one replica":            {replicas: 1},
		"two replicas":           {replicas: 2},
		"one of two is demanded": {replicas: 2, lines: []string{"min-replicas-to-write 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testPlannedFailovers(t, setting.replicas, *failovers, setting.lines...)
		})
	}
}

const (
	// atOnce is how many commands run at once.
	atOnce = 6
	// longest is how many rows take some seconds.
	longest = 10_000
)

func testPlannedFailovers(t *testing.T, replicas, rounds int, lines ...string) {
	t.Helper()
	f := newFailoverFixture(t, replicas, lines...)
	for round := range rounds {
		changes := f.prepare(t, round)
		old := f.sentinel.Master(t)
		over := make(chan struct{})
		var wg sync.WaitGroup
		for range atOnce {
			wg.Go(func() { f.makeChanges(t, changes, over) })
		}
		// One is writing when the failover begins, and goes on for much of it.
		long := f.apply("long"+strconv.Itoa(round), "long", longest)
		p := f.begin(t, long.args...)
		wg.Go(func() { f.record(long, p) })
		p.awaitText(t, "Plan: ")
		f.sentinel.Failover(t)
		f.sentinel.AwaitFailover(t, old)
		close(over)
		wg.Wait()
		f.requireRemembered(t)
	}
	t.Logf("%d failovers, %d commands: %d exit codes 0, of which %d are forgotten; %d others, of which %d are forgotten: %v",
		rounds, f.made.all, f.made.succeeded, f.made.lost, f.made.all-f.made.succeeded, f.made.warned, f.reasons)
}

// change is a command, and a look at whether the ledger has what it did.
type change struct {
	args []string
	// made fails unless it stands.
	made func(context.Context, *ledger.Ledger) error
	code int
	said string
}

type failoverFixture struct {
	*stack
	sentinel *redistest.Sentinel
	ledger   *ledger.Ledger
	mu       sync.Mutex
	done     []change
	made     struct{ all, succeeded, lost, warned int }
	// reasons counts what commands gave for not succeeding.
	reasons map[string]int
}

func newFailoverFixture(t *testing.T, replicas int, lines ...string) *failoverFixture {
	t.Helper()
	w := emptyWorld(t)
	durable := []redistest.Option{redistest.AppendOnly(redistest.EverySecond), redistest.Lines(lines...)}
	w.redis = redistest.Start(t, durable...)
	for range replicas {
		redistest.Start(t, append(durable, redistest.ReplicaOf(w.redis))...)
	}
	redistest.AwaitReplicas(t, w.redis, replicas)
	sentinel := redistest.StartSentinel(t, w.redis)
	w.env = append(w.env, "BCE_ACCESS_KEY_ID="+accessKey, "BCE_SECRET_ACCESS_KEY="+secretKey,
		"HAVIP_REDIS_URL="+redistest.Patient("redis-sentinel://"+sentinel.Addr()+"/0?master=m"))
	w.startSim(t)
	client := redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "m", SentinelAddrs: []string{sentinel.Addr()}})
	t.Cleanup(func() { _ = client.Close() })
	return &failoverFixture{stack: w, sentinel: sentinel, ledger: ledger.New(client), reasons: map[string]int{}}
}

// prepare makes the batches that are then changed: one to cancel items of, one with HaVIPs to roll back, and
// those to pause.
func (f *failoverFixture) prepare(t *testing.T, round int) <-chan change {
	t.Helper()
	const most, pauses = 100, 10
	rows := rowsOf(longest)
	for i := range rows {
		rows[i].address = "" // it is taken in the next round
	}
	name := func(verb string) string { return verb + strconv.Itoa(round) }
	f.verified(t, "apply", "--yes", "--allow-duplicates", f.write(t, name("rollback")+".csv", rows[:most]))
	worker := f.worker(t)
	f.enqueue(t, "watch", name("rollback"), "--timeout", patience.String(), "--exit-status")
	eventually(t, "BCE shows what it created", func() bool {
		b, err := f.ledger.Batch(t.Context(), name("rollback"))
		return err == nil && b.Unconfirmed == 0
	})
	worker.kill()
	<-worker.done
	f.verified(t, "apply", "--yes", "--allow-duplicates", f.write(t, name("cancel")+".csv", rows[:most]))
	f.write(t, "short.csv", rows[:5])
	f.write(t, "long.csv", rows)
	changes := make(chan change, 4*most)
	for i, row := range rows[:most] {
		if i < pauses {
			paused := name("pause") + "-" + strconv.Itoa(i)
			f.verified(t, "apply", "--yes", "--allow-duplicates", f.write(t, paused+".csv", rows[:1]))
			changes <- change{args: []string{"pause", "--batch", paused}, made: requirePaused(paused)}
		}
		changes <- f.apply(name("apply")+"-"+strconv.Itoa(i), "short", 5)
		changes <- change{
			args: []string{"cancel", name("cancel"), "--yes", "--where", "key=" + row.key},
			made: requireState(name("cancel"), row.key, ledger.Canceled),
		}
		changes <- change{
			args: []string{"rollback", name("rollback"), "--yes", "--where", "key=" + row.key},
			made: requireState(name("rollback"), row.key, ledger.Deleting),
		}
	}
	close(changes)
	return changes
}

func requireWhole(batch string, rows int) func(context.Context, *ledger.Ledger) error {
	return func(ctx context.Context, l *ledger.Ledger) error {
		b, err := l.Batch(ctx, batch)
		if err == nil && (b.Total != int64(rows) || b.CommittedAt == 0) {
			err = fmt.Errorf("%d of %d items, committed at %d", b.Total, rows, b.CommittedAt)
		}
		return err
	}
}

func requirePaused(batch string) func(context.Context, *ledger.Ledger) error {
	return func(ctx context.Context, l *ledger.Ledger) error {
		b, err := l.Batch(ctx, batch)
		if err == nil && b.Pause == nil {
			err = errors.New("it is not paused")
		}
		return err
	}
}

func requireState(batch, key string, state ledger.State) func(context.Context, *ledger.Ledger) error {
	return func(ctx context.Context, l *ledger.Ledger) error {
		item, err := l.Item(ctx, batch, key)
		if err == nil && item.Record.State != state {
			err = errors.New("it is " + string(item.Record.State))
		}
		return err
	}
}

// reasonOf is the clause of the error with which a command ended.
func reasonOf(said string) string {
	_, said, _ = strings.Cut(said, "enqueue: ")
	if _, why, found := strings.Cut(said, "Redis keeps it: "); found {
		said = why
	}
	reason, _, _ := strings.Cut(said, ". ")
	return reason
}

// makeChanges makes one change after another until the failover is over.
func (f *failoverFixture) makeChanges(t *testing.T, changes <-chan change, over <-chan struct{}) {
	t.Helper()
	for c := range changes {
		select {
		case <-over:
			return
		default:
		}
		f.record(c, f.begin(t, c.args...))
	}
}

// record waits for the change's command, and keeps how it ended.
func (f *failoverFixture) record(c change, p *process) {
	<-p.done
	c.code, c.said = p.exitCode(), p.stderr.String()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done = append(f.done, c)
}

// apply is of one of the files that prepare writes, in a lane that no worker serves.
func (f *failoverFixture) apply(batch, file string, rows int) change {
	return change{
		args: []string{"apply", "--yes", "--allow-duplicates", file + ".csv", "--batch", batch, "--region", "gz"},
		made: requireWhole(batch, rows),
	}
}

// verified repeats a command until it succeeds: a replica that has no processor for two seconds fails it.
func (f *failoverFixture) verified(t *testing.T, args ...string) {
	t.Helper()
	eventually(t, strings.Join(args, " ")+" succeeds", func() bool { return f.begin(t, args...).wait(t) == 0 })
}

// begin starts enqueue beside others.
func (f *failoverFixture) begin(t *testing.T, args ...string) *process {
	t.Helper()
	return start(t, command{program: "enqueue", args: args, env: f.env, dir: f.dir})
}

// requireRemembered fails for a change that exited with 0 and does not stand. Whatever exited otherwise says
// why, and stands when it is repeated.
func (f *failoverFixture) requireRemembered(t *testing.T) {
	t.Helper()
	for _, c := range f.done {
		err := c.made(t.Context(), f.ledger)
		f.made.all++
		switch {
		case c.code == 0 && err != nil:
			f.made.succeeded++
			f.made.lost++
			t.Errorf("%v: exit code 0, and it is forgotten: %v\nstderr: %s", c.args, err, tail(c.said))
		case c.code == 0:
			f.made.succeeded++
		case c.code != 5:
			t.Errorf("%v: exit code %d\nstderr: %s", c.args, c.code, tail(c.said))
		case err != nil:
			f.made.warned++
			f.verified(t, c.args...)
			if err := c.made(t.Context(), f.ledger); err != nil {
				t.Errorf("%v, repeated: %v", c.args, err)
			}
		}
		if c.code == 5 {
			f.reasons[reasonOf(c.said)]++
		}
	}
	f.done = nil
}
