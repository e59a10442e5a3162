package simulation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/bce"
	"havip/internal/bulk"
	"havip/internal/lane"
	"havip/internal/worker"
	"havip/ledger"
	"havip/tasks"
	"havip/test/memredis"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// lane of all items; endpoint is never called.
var ownLane = tasks.Lane{Account: "default", Region: "bj"}

const (
	endpoint  = "https://bce.example.com"
	batchName = "b"
)

// site is one ledger, with the workers and people that use it.
type site struct {
	*stage
	name  string
	cloud *cloud
	// opened is when it began to have these items.
	opened time.Time
	store  *memredis.Store
	// plain carries out at once what the story itself does.
	plain  redis.UniversalClient
	ledger *ledger.Ledger
	queue  *queue
	rows   []tasks.Row
	// ahead is how far its Redis's clock is ahead.
	ahead   time.Duration
	workers []*simWorker
	people  int
	// applying is the producer under way, if any.
	applying *process
	applied  bool
	// falls counts how often its Redis fell back: a command verifies that it did not meanwhile, or is to be repeated.
	falls int
	// recent are snapshots of the last seconds, backups older ones.
	recent, backups []backup
	// excused are items that a restored ledger may double, and anew those that it did not have, and that may be
	// doubled when BCE has forgotten their tokens; see decision 7.
	excused, anew map[string]bool
	// requests of each item, as far as the ledger knows them.
	requests map[string]requests
	// read are the items as they were after so many writes.
	read   []ledger.Item
	readAt int
	// terms of its workers.
	terms worker.Config
}

type backup struct {
	at    time.Time
	image *memredis.Snapshot
	// requests are those that it knows.
	requests map[string]requests
}

func newSite(s *stage, name string, c *cloud, rows []tasks.Row) *site {
	x := &site{stage: s, name: name, cloud: c, opened: time.Now(), rows: rows, excused: map[string]bool{}, anew: map[string]bool{}, requests: map[string]requests{}}
	x.store = memredis.New(func() time.Time { return time.Now().Add(x.ahead) })
	x.plain = x.store.Client(nil)
	x.ledger = ledger.New(x.plain)
	x.queue = queueOf(x.plain, ownLane)
	return x
}

// client is a process's connection to the site's Redis.
func (x *site) client(p *process) redis.UniversalClient {
	return x.store.Client(func(ctx context.Context, cmds []redis.Cmder, run func()) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if p.cut.Load() {
			return errReset
		}
		if isFleet(cmds) || !x.chance(x.yields) {
			return p.atOnce(run)
		}
		c := &call{what: describe(cmds), run: run}
		if len(cmds) == 1 {
			args := slices.Clone(cmds[0].Args())
			c.again = func() { _ = x.plain.Do(context.WithoutCancel(ctx), args...) }
		}
		return p.call(ctx, c)
	})
}

// isFleet recognizes calls about workers: they are made with locks held, and a story must not go on elsewhere.
func isFleet(cmds []redis.Cmder) bool {
	for _, arg := range cmds[0].Args() {
		if text, ok := arg.(string); ok && strings.HasPrefix(text, "havip:workers:{workers}:") {
			return true
		}
	}
	return false
}

func describe(cmds []redis.Cmder) string {
	if len(cmds) > 1 { // some are made of maps, in no order
		return fmt.Sprintf("redis pipeline of %d", len(cmds))
	}
	args := cmds[0].Args()
	var keys []string
	for _, arg := range args[1:] {
		if text, ok := arg.(string); ok && len(text) < 60 && len(keys) < 4 {
			keys = append(keys, text)
		}
	}
	return "redis " + cmds[0].Name() + " " + strings.Join(keys, " ")
}

// simWorker is a worker: its real parts, whose rounds the story makes.
type simWorker struct {
	process
	site  *site
	parts *worker.Parts
	// serving: its lane is open.
	serving, draining atomic.Bool
	running           map[string]message
	// rounds are under way, by name.
	rounds map[string]bool
}

const concurrency = 3

func (x *site) startWorker() {
	w := &simWorker{
		process: process{stage: x.stage, name: fmt.Sprintf("%s.w%d", x.name, len(x.workers)+1)}, site: x,
		running: map[string]message{}, rounds: map[string]bool{},
	}
	x.workers = append(x.workers, w)
	client, err := bce.NewClient(bce.Config{
		Endpoint: endpoint, Credentials: bce.NewStaticProvider(bce.NewCredentials("ak", "sk", "")),
		Transport: transport{cloud: x.cloud, by: &w.process, site: x.name},
	})
	if err != nil {
		panic(err)
	}
	config := x.terms
	config.Redis, config.Name, config.Concurrency, config.Logger = x.client(&w.process), w.name, concurrency, w.logger()
	config.Lanes = []worker.LaneConfig{{Lane: ownLane, API: client, Cloud: lane.Cloud{Endpoint: endpoint, Key: "k"}}}
	if w.parts, err = worker.Assemble(config); err != nil {
		panic(err)
	}
	x.say(&w.process, "starts")
	w.spawn(func() {
		if err := w.parts.Membership.Enter(background); err != nil {
			w.dead.Store(true)
			return
		}
		if err := w.parts.Lanes[0].Open(background); err != nil {
			w.say(&w.process, "is refused: %v", err)
			w.dead.Store(true)
			return
		}
		w.serving.Store(true)
	})
}

func (w *simWorker) logger() zerolog.Logger {
	if !w.tells {
		return zerolog.Nop()
	}
	return zerolog.New(logWriter{w}).Level(zerolog.DebugLevel)
}

type logWriter struct{ w *simWorker }

func (l logWriter) Write(line []byte) (int, error) {
	l.w.say(&l.w.process, "log %s", strings.TrimSpace(string(line)))
	return len(line), nil
}

func (w *simWorker) up() bool { return !w.away() && !w.dead.Load() && w.serving.Load() }

// away: others hear nothing of it.
func (w *simWorker) away() bool { return w.stopped.Load() || w.cut.Load() }

// tasks is how many it has in hand, and atRounds how many things it does beside.
func (w *simWorker) tasks() (n int) {
	w.locked(func() { n = len(w.running) })
	return n
}

func (w *simWorker) atRounds() (n int) {
	w.locked(func() { n = len(w.rounds) })
	return n
}

// takesTask reports whether it would take a task that is pending.
func (w *simWorker) takesTask() bool {
	return w.up() && !w.draining.Load() && w.tasks() < concurrency
}

// takeTask carries a task out, and then tells the queue.
func (w *simWorker) takeTask() {
	m, found := w.site.queue.take()
	if !found {
		return
	}
	w.say(&w.process, "takes task %s", m.id)
	if w.chance(w.faulty()) { // the answer that brought the task is lost
		return
	}
	w.locked(func() { w.running[m.id] = m })
	w.spawn(func() {
		ctx, cancel := context.WithTimeout(background, 10*time.Minute)
		defer cancel()
		decision := w.parts.Lanes[0].Handler.ProcessTask(ctx, asynq.NewTask(m.kind, m.payload))
		if w.dead.Load() {
			return
		}
		ack := &call{what: fmt.Sprintf("ack %s: %s", m.id, wordOf(decision)), run: func() {
			if !w.cut.Load() {
				w.site.queue.ack(m, decision)
			}
		}}
		_ = w.call(background, ack)
		w.locked(func() { delete(w.running, m.id) })
	})
}

// wordOf is a decision without what differs from one select to another.
func wordOf(decision error) string {
	switch {
	case decision == nil:
		return "done"
	case errors.Is(decision, asynq.SkipRetry):
		return decision.Error()
	}
	return "again"
}

// round begins one of the things that a worker does beside tasks, unless it is at it.
func (w *simWorker) round(name string, do func(ctx context.Context)) {
	at := false
	w.locked(func() { at = w.rounds[name] })
	if at || !w.up() {
		return
	}
	w.locked(func() { w.rounds[name] = true })
	w.spawn(func() {
		do(background)
		w.locked(func() { delete(w.rounds, name) })
	})
}

func (w *simWorker) confirm() {
	w.round("confirm", func(ctx context.Context) { _, _ = w.parts.Lanes[0].Confirmer.Round(ctx) })
}

func (w *simWorker) reconcile() {
	w.round("reconcile", func(ctx context.Context) { _ = w.parts.Reconciler.Round(ctx) })
}

func (w *simWorker) flush() {
	w.round("flush", func(ctx context.Context) { w.parts.OutcomeBuffer.Flush(ctx) })
}

// beat says that the worker is alive, and has it rescue what dead workers had.
func (w *simWorker) beat() {
	if w.dead.Load() || w.stopped.Load() {
		return
	}
	dead, _ := w.parts.Membership.Beat(background)
	if len(dead) == 0 {
		return
	}
	w.round("rescue", func(ctx context.Context) {
		for _, silence := range dead {
			_, _ = w.parts.Rescuer.Rescue(ctx, silence)
		}
	})
}

// watch lets the workers beat for long enough for a death to be found.
func (x *site) watch() {
	beats := 1
	if x.misses() {
		beats = 5 + x.draw(3)
	}
	for range beats {
		for _, w := range x.workers {
			w.beat()
		}
		x.pass(2*time.Second, true)
		x.extend()
	}
}

// misses reports whether some worker is silent, and others are to find it dead.
func (x *site) misses() bool {
	live := x.live()
	return slices.ContainsFunc(live, (*simWorker).away) ||
		x.plain.ZCard(background, "havip:workers:{workers}:beats").Val() != int64(len(live))
}

// liveOn lets the workers live for a while. Their beats do no more than count that time, so it is counted at once.
func (x *site) liveOn() {
	if len(x.live()) == 0 {
		return
	}
	const steps, step = 33, 20 * time.Second
	for range steps {
		x.pass(step, true)
		x.extend()
	}
	x.plain.HIncrBy(background, "havip:workers:{workers}:uptime", "ms", (steps * step).Milliseconds())
}

// extend is what asynq's servers do for as long as they live.
func (x *site) extend() {
	for _, w := range x.workers {
		if w.dead.Load() || w.away() {
			continue
		}
		w.locked(func() { x.queue.extend(slices.Sorted(maps.Keys(w.running))) })
	}
}

func (x *site) live() (live []*simWorker) {
	for _, w := range x.workers {
		if !w.dead.Load() {
			live = append(live, w)
		}
	}
	return live
}

// person returns a process that is a command of a person.
func (x *site) person(name string) *process {
	x.people++
	return &process{stage: x.stage, name: fmt.Sprintf("%s.%s%d", x.name, name, x.people)}
}

// applies reports whether a producer is at it, and hasApplied whether one was through.
func (x *site) applies() (is bool) {
	x.locked(func() { is = x.applying != nil && !x.applying.dead.Load() })
	return is
}

func (x *site) hasApplied() (has bool) {
	x.locked(func() { has = x.applied })
	return has
}

// apply has a producer put in the file, again if it was put in before.
func (x *site) apply() {
	if x.applies() {
		return
	}
	p, falls := x.person("apply"), 0
	x.locked(func() { x.applying, falls = p, x.falls })
	rdb := x.client(p)
	producer := tasks.NewProducer(ledger.New(rdb), asynq.NewClientFromRedisClient(rdb), rdb)
	x.say(p, "applies")
	x.spawn(func() {
		err := producer.Apply(background, batchName, ledger.Source{By: "them"}, func(yield func(tasks.Row, error) bool) {
			for _, row := range x.rows {
				if !yield(row, nil) {
					return
				}
			}
		}, nil)
		x.say(p, "applied: %v", err)
		x.locked(func() {
			x.applied = x.applied || err == nil && falls == x.falls
			if x.applying == p {
				x.applying = nil
			}
		})
	})
}

// command has a person carry out a verb on all items, or on one.
func (x *site) command(verb bulk.Operation) {
	wheres := []string{}
	if i := x.draw(len(x.rows) + 1); i > 0 {
		wheres = []string{"key=" + x.rows[i-1].Item.Key}
	}
	x.carryOut(verb, wheres...)
}

// resolve has a person decide about the first item in review; they know which HaVIP its requests created. It reports whether
// there was one.
func (x *site) resolve() bool {
	for item, err := range x.ledger.Items(background, batchName) {
		if err != nil {
			return false
		}
		if item.Record.State != ledger.Review {
			continue
		}
		own := ""
		for _, c := range item.Record.Candidates {
			if v := x.cloud.find(c.HaVIPID); v != nil && v.site == x.name && v.key == item.Key {
				own = c.HaVIPID
			}
		}
		x.carryOut(bulk.Resolve(own), "key="+item.Key)
		return true
	}
	return false
}

func (x *site) carryOut(verb bulk.Operation, wheres ...string) {
	p := x.person(verb.Name)
	rdb := x.client(p)
	chosen, err := bulk.ParseSelection(wheres)
	if err != nil {
		panic(err)
	}
	on := &bulk.Executor{
		Redis: rdb, Ledger: ledger.New(rdb), Batch: batchName, By: "them",
		Tasks: tasks.NewDispatcher(asynq.NewClientFromRedisClient(rdb), asynq.NewInspectorFromRedisClient(rdb)),
	}
	x.say(p, "%s %s", verb.Name, chosen)
	x.spawn(func() {
		_, err := verb.CarryOut(background, on, chosen, 1, func(int64) {})
		x.say(p, "%s done: %v", verb.Name, err)
	})
}

// keep notes how Redis stands.
func (x *site) keep() backup { return backup{time.Now(), x.store.Snapshot(), maps.Clone(x.requests)} }

func (x *site) generations() map[string]int {
	generations := map[string]int{}
	for item, err := range x.ledger.Items(background, batchName) {
		if err != nil {
			break
		}
		generations[item.Key] = item.Record.Generation
	}
	return generations
}

// fallBack puts Redis back to how it stood, and notes which items it does not have any more.
func (x *site) fallBack(b backup) {
	before := x.generations()
	defer func() {
		after := x.generations()
		for key := range before {
			x.anew[key] = x.anew[key] || after[key] == 0
		}
	}()
	for _, v := range x.cloud.havips {
		v.unknown = v.unknown || v.site == x.name && !v.at.Before(b.at) || v.goneBy == x.name && !v.goneAt.Before(b.at)
	}
	x.cloud.forgetful[x.name], x.cloud.fellBack[x.name] = true, time.Now()
	x.store.Restore(b.image)
	x.locked(func() { x.falls++ })
	x.read = nil
	for key, r := range x.requests { // what was sent was sent, and the numbers begin again
		r.number = b.requests[key].number
		x.requests[key] = r
	}
}

// restore is fallBack to a backup, after which decision 7 allows that an item is doubled which has come to its
// next token since.
func (x *site) restore(b backup) {
	before := x.generations()
	x.requests = maps.Clone(b.requests)
	x.fallBack(b)
	after := x.generations()
	for key, generation := range before {
		if generation > max(1, after[key]) {
			x.excused[key] = true
		}
	}
}
