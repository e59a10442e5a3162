package simulation

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"havip/internal/bulk"
	"havip/internal/jitter"
	"havip/ledger"
	"havip/tasks"
)

// story is one run of everything.
type story struct {
	*stage
	cloud *cloud
	sites []*site
	rows  []tasks.Row
	// may are the kinds of trouble that this story has.
	may map[string]bool
	theme
	// retries: at the end, people retry everything.
	retries bool
}

// tell runs the story of a tape and returns what it breaks, "" if nothing, with what happened.
func tell(t *testing.T, draws *tape, telling bool) (broken string, lines []string, counts map[string]int) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		uuid.SetRand(plainRandom(1))
		jitter.Seed(1)
		s := newStory(draws, telling)
		s.run()
		s.end()
		broken, lines, counts = s.broken, s.lines, s.counts
	})
	return broken, lines, counts
}

func newStory(draws *tape, telling bool) *story {
	s := &story{
		stage: &stage{tape: draws, began: time.Now(), wake: make(chan struct{}, 1), tells: telling, counts: map[string]int{}},
		may:   map[string]bool{},
	}
	s.theme = themeOf(s.draw(2 * len(themes)))
	for _, kind := range troubles {
		s.may[kind] = slices.Contains(s.kinds, kind) || s.chance(30) && !slices.Contains(s.without, kind)
	}
	s.retries = s.may["people"] && s.chance(50)
	s.faults.Store([]int64{0, 1, 5, 15}[s.draw(4)])
	s.yields = []int{5, 30, 100}[s.draw(3)]
	s.cloud = newCloud(s.stage)
	if s.bce != nil {
		s.bce(&s.cloud.personality)
	}
	if s.tokensDecide() && s.chance(50) {
		s.cloud.work = 30 * time.Minute // longer than BCE is given to show what it created: only the token tells
		s.cloud.refusesBusy = true
	}
	s.cloud.excuse = func(name, key string) {
		for _, x := range s.sites {
			if x.name == name {
				x.excused[key] = true
			}
		}
	}
	s.cloud.excused = func(name, key, beside string) bool {
		for _, x := range s.sites {
			switch {
			case x.name != name:
			case x.excused[key], s.passedBy(x, key, beside):
				x.excused[key] = true
				return true
			case s.isOfAnother(x, key, beside):
				return true
			}
		}
		return false
	}
	s.cloud.mayPass = func(name string, v *havip) bool {
		return slices.ContainsFunc(s.sites, func(x *site) bool { return x.name == name && s.mayPass(x, v) })
	}
	s.cloud.sends = func(name, key string) {
		for _, x := range s.sites {
			if x.name == name {
				x.locked(func() { x.noteRequest(key) })
			}
		}
	}
	for i := range 1 + s.draw(3) {
		s.rows = append(s.rows, s.row(i))
	}
	for _, row := range s.rows {
		for generation := 1; generation <= 12; generation++ {
			s.cloud.keyOf[tasks.ClientToken(batchName, row.Item.Key, generation)] = row.Item.Key
		}
	}
	s.open("A")
	return s
}

// tokensDecide reports whether nothing happens after which a listing decides.
func (s *story) tokensDecide() bool {
	for _, kind := range deciding {
		if s.may[kind] {
			return false
		}
	}
	return true
}

func (s *story) row(i int) tasks.Row {
	item := tasks.Item{Key: fmt.Sprintf("k%d", i), Account: ownLane.Account, Region: ownLane.Region}
	item.Request.Name = fmt.Sprintf("n%d", i)
	if s.chance(20) {
		item.Request.Name = "n" // a name that others have as well
	}
	item.Request.SubnetID = []string{"sbn-1", "sbn-2"}[s.draw(2)]
	if s.draw(2) == 0 {
		item.Request.PrivateIPAddress = fmt.Sprintf("10.0.0.%d", i+1)
	}
	return tasks.Row{Line: i + 2, Item: item}
}

func (s *story) open(name string) {
	x := newSite(s.stage, name, s.cloud, s.rows)
	x.terms.MaxDelay = s.maxDelay
	s.sites = append(s.sites, x)
	for range 1 + s.draw(3) {
		x.startWorker()
	}
	x.apply()
}

// action is one thing that may happen next.
type action struct {
	weight int
	do     func()
}

// run lets anything happen.
func (s *story) run() {
	for range 40 + s.draw(160) {
		if s.broken != "" {
			return
		}
		s.step()
	}
}

func (s *story) step() {
	waiting := s.settled()
	if s.slow && !s.chance(10) {
		waiting = slices.DeleteFunc(waiting, func(c *call) bool { return c.isBCE })
	}
	var actions []action
	may := func(weight int, possible bool, do func()) {
		if possible && weight > 0 {
			actions = append(actions, action{weight, do})
		}
	}
	x := s.sites[s.draw(len(s.sites))]
	may(60, len(waiting) > 0, func() { s.letGo(waiting[s.draw(len(waiting))]) })
	x.queue.forward()
	takers := x.takers()
	may(30, len(takers) > 0 && x.queue.pending(), func() { takers[s.draw(len(takers))].takeTask() })
	may(10, true, func() { s.pass(s.while(), false) })
	live := x.live()
	w := (*simWorker)(nil)
	if len(live) > 0 {
		w = live[s.draw(len(live))]
	}
	may(6, w != nil, func() { w.confirm() })
	may(2, w != nil, func() { w.reconcile() })
	may(1, w != nil, func() { w.flush() })
	may(3, true, x.watch)
	may(1, true, x.queue.recover)
	may(4, len(s.late) > 0, s.arrive)
	s.trouble(x, w, may)
	s.choose(actions)
	if slices.Contains(s.kinds, "failover") {
		x.recent = append(x.recent, x.keep())
	}
}

func (s *story) choose(actions []action) {
	total := 0
	for _, d := range actions {
		total += d.weight
	}
	at := s.draw(total)
	for _, d := range actions {
		if at -= d.weight; at < 0 {
			d.do()
			return
		}
	}
}

// trouble is what may go wrong.
func (s *story) trouble(x *site, w *simWorker, may func(int, bool, func())) {
	may(1, len(x.live()) < 3, x.startWorker)
	may(1, s.faulty() > 0 && w != nil, func() { s.say(&w.process, "is killed"); s.kill(&w.process) })
	may(s.often("stop", 2), w != nil, func() {
		w.stopped.Store(!w.stopped.Load())
		s.say(&w.process, "stopped: %v", w.stopped.Load())
		s.count("stops")
	})
	may(s.often("stop", 1), w != nil, func() { w.drain() })
	may(s.often("cut", 1), w != nil, func() {
		w.cut.Store(!w.cut.Load())
		s.say(&w.process, "cut off from Redis: %v", w.cut.Load())
		s.count("cuts")
		if w.cut.Load() && s.draw(2) == 1 {
			x.watch()
		}
	})
	may(1, true, x.remember)
	may(s.failsOver(), len(x.recent) > 0, x.failOver)
	may(s.often("restore", 1), len(x.backups) > 0, func() { s.restore(x) })
	may(s.often("clock", 1), true, func() { s.stepClock(x) })
	may(s.often("second", 1), len(s.sites) < 2, func() { s.open("B"); s.count("second ledgers") })
	may(s.often("human", 2), true, s.human)
	may(s.often("live", 1), true, func() {
		if s.provesAbsence(x) {
			x.liveOn()
		}
	})
	may(s.often("outage", 1), true, func() { s.cloud.away = !s.cloud.away; s.say(nil, "BCE away: %v", s.cloud.away) })
	may(s.often("deny", 1), true, func() {
		s.cloud.denied = []string{"", "sbn-1", "sbn-2"}[s.draw(3)]
		s.say(nil, "denied: %q", s.cloud.denied)
	})
	may(s.often("people", 2), true, func() {
		if s.draw(2) == 0 && x.resolve() {
			s.count("reviews resolved")
			return
		}
		x.command([]bulk.Operation{bulk.Cancel(), bulk.Retry(), bulk.Rollback()}[s.draw(3)])
		s.count("commands")
	})
	may(1, true, x.apply)
	may(s.often("leap", 1), true, func() {
		d := []time.Duration{20 * time.Minute, time.Hour, 21 * time.Hour, 25 * time.Hour}[s.draw(4)]
		s.say(nil, "%v pass", d)
		s.pass(d, true)
		x.extend()
	})
}

func (s *story) while() time.Duration {
	if s.chance(s.quick) {
		return []time.Duration{0, 100 * time.Millisecond, time.Second}[s.draw(3)]
	}
	return []time.Duration{
		100 * time.Millisecond, time.Second, time.Second, 3 * time.Second, 10 * time.Second, 20 * time.Second, 61 * time.Second, 5 * time.Minute, 11 * time.Minute,
	}[s.draw(9)]
}

func (x *site) takers() (takers []*simWorker) {
	for _, w := range x.workers {
		if w.takesTask() {
			takers = append(takers, w)
		}
	}
	return takers
}

// drain stops a worker gracefully.
func (w *simWorker) drain() {
	if w.draining.Load() || !w.up() {
		return
	}
	w.say(&w.process, "drains")
	w.draining.Store(true)
	w.parts.Lanes[0].Handler.Drain()
	w.spawn(func() {
		for range 100 {
			if w.tasks() == 0 || w.dead.Load() {
				break
			}
			<-time.After(time.Second)
		}
		if !w.dead.Load() {
			_ = w.parts.Membership.Leave(background)
			w.dead.Store(true)
		}
	})
}

// lost is how much of the past a replica may lack that takes the place of its master.
const lost = 2 * time.Second

func (x *site) remember() {
	b := x.keep()
	x.recent = append(x.recent, b)
	if x.draw(3) == 0 {
		x.backups = append(x.backups, b)
	}
}

func (x *site) failOver() {
	x.recent = slices.DeleteFunc(x.recent, func(b backup) bool { return time.Since(b.at) > lost })
	if len(x.recent) > 0 {
		b := x.recent[x.draw(len(x.recent))]
		x.say(nil, "%s: Redis fails over, and loses %v", x.name, time.Since(b.at))
		x.count("failovers")
		x.fallBack(b)
	}
	x.recent = nil
}

func (s *story) restore(x *site) { s.putBack(x, x.backups[s.draw(len(x.backups))]) }

// putBack is a backup put in as the runbook says: workers are stopped, and started a minute later.
func (s *story) putBack(x *site, b backup) {
	for _, w := range x.live() {
		w.stopped.Store(false)
		s.kill(&w.process)
	}
	if x.applies() {
		s.kill(x.applying)
		x.locked(func() { x.applying = nil })
	}
	s.pass(61*time.Second, true)
	s.say(nil, "%s: the backup of %v ago is restored", x.name, time.Since(b.at))
	s.count("restores")
	x.restore(b)
	x.recent = nil
	if n := s.cloud.refusesRestored; n > 0 {
		s.cloud.refuses, s.cloud.refusesFirst = n, true
		clear(s.cloud.refused)
	}
	x.startWorker()
}

func (s *story) stepClock(x *site) {
	by := []time.Duration{20 * time.Second, -20 * time.Second, time.Hour, -time.Hour, 40 * time.Minute}[s.draw(5)]
	which := "Redis"
	for _, each := range s.sites {
		s.checkOwners(each)
	}
	step := clockStep{at: time.Now()}
	if s.draw(2) == 0 {
		x.ahead += by
		step.site = x.name
	} else {
		which = "BCE"
		s.cloud.ahead += by
	}
	s.cloud.steps = append(s.cloud.steps, step)
	s.say(nil, "the clock of %s steps by %v", which, by)
	s.count("clock steps")
}

// human is somebody at BCE's console.
func (s *story) human() {
	row, what := s.rows[s.draw(len(s.rows))].Item.Request, s.draw(4)
	if s.deletes {
		what = 3
	}
	switch what {
	case 0:
		v := s.cloud.add(row.Name, row.SubnetID, "", time.Now())
		s.say(nil, "a person creates %s, named as an item", v.id)
	case 1:
		if address := row.PrivateIPAddress; address != "" && !s.cloud.isTaken(row.SubnetID, address) {
			v := s.cloud.add("theirs", row.SubnetID, address, time.Now())
			s.say(nil, "a person creates %s with an item's address", v.id)
		}
	case 2, 3:
		if len(s.cloud.havips) > 0 {
			v := s.cloud.havips[s.draw(len(s.cloud.havips))]
			if !s.deletes && s.draw(2) == 0 {
				v.name, v.renamed = v.name+"-x", true
				s.say(nil, "a person renames %s", v.id)
			} else if !v.gone {
				v.gone, v.goneBy = true, "a person"
				s.say(nil, "a person deletes %s", v.id)
			}
		}
	}
}

// end lets nothing go wrong any more, until all is done, and looks at what came of it.
func (s *story) end() {
	s.finish()
	if s.retries && s.broken == "" {
		for _, x := range s.sites {
			x.command(bulk.Retry())
		}
		s.finish()
	}
	s.buryAll()
}

// finish is end for a story that goes on.
func (s *story) finish() {
	s.endFaults()
	for round := range 400 {
		if s.broken != "" {
			break
		}
		s.quiet()
		if s.done() {
			s.check()
			break
		}
		s.onward(time.Duration(round*round) * 10 * time.Millisecond)
	}
	if s.broken == "" && !s.done() {
		s.breaks("it comes to no end: %s", s.unfinished())
	}
}

// endFaults makes everything succeed from now on.
func (s *story) endFaults() {
	s.say(nil, "from now on nothing fails")
	s.faults.Store(0)
	s.cloud.away, s.cloud.denied, s.cloud.remembersRefusals = false, "", false
	s.plain()
	for _, x := range s.sites {
		for _, w := range x.workers {
			w.stopped.Store(false)
			w.cut.Store(false)
		}
		if len(x.takers()) == 0 {
			x.startWorker()
		}
		x.locked(func() { x.applied = false })
	}
}

// quiet goes on until nobody has anything to do at this time.
func (s *story) quiet() {
	for range 5000 {
		if s.broken != "" {
			return
		}
		waiting := s.settled()
		if len(waiting) > 0 {
			s.letGo(waiting[0])
			continue
		}
		if s.takeAny() {
			continue
		}
		if !s.busy() {
			return
		}
		s.pass(time.Minute, false)
		for _, x := range s.sites {
			x.extend()
		}
	}
	s.breaks("it does not come to rest")
}

func (s *story) takeAny() bool {
	for _, x := range s.sites {
		x.queue.forward()
		if takers := x.takers(); len(takers) > 0 && x.queue.pending() {
			takers[0].takeTask()
			return true
		}
	}
	return false
}

// busy reports whether somebody is at something.
func (s *story) busy() bool {
	for _, x := range s.sites {
		if x.applies() {
			return true
		}
		for _, w := range x.live() {
			if w.tasks() > 0 || w.atRounds() > 0 || !w.serving.Load() {
				return true
			}
		}
	}
	return false
}

// onward has the workers make their rounds, and time pass until something is due, and at least so much.
func (s *story) onward(least time.Duration) {
	for _, x := range s.sites {
		if !x.hasApplied() { // a second apply repairs what the first left
			x.apply()
		}
		if s.provesAbsence(x) {
			x.liveOn()
		}
		x.watch()
		s.quiet()
		x.queue.recover()
		for _, w := range x.live() {
			w.confirm()
			s.quiet()
			w.reconcile()
			s.quiet()
			w.flush()
			s.quiet()
		}
		if len(x.takers()) == 0 {
			x.startWorker()
		}
	}
	wait := 15 * time.Minute
	for _, x := range s.sites {
		if due, found := x.queue.next(); found {
			wait = min(wait, max(time.Until(due), 0)+time.Second)
		}
		if due, found := x.nextConfirmation(); found {
			wait = min(wait, max(due, 0)+time.Second)
		}
	}
	s.pass(max(wait, least), true)
}

// provesAbsence reports whether something waits for a second listing not to show it.
func (s *story) provesAbsence(x *site) bool {
	return slices.ContainsFunc(s.items(x), func(item ledger.Item) bool { return item.Record.AbsentSince != 0 })
}

func (x *site) nextConfirmation() (in time.Duration, found bool) {
	for _, z := range x.plain.ZRangeWithScores(background, "havip:{"+batchName+"}:unconfirmed", 0, 0).Val() {
		return time.Until(time.UnixMilli(int64(z.Score))) - x.ahead, true
	}
	return 0, false
}

// items are those of the ledger; they are read again when something was written.
func (s *story) items(x *site) (items []ledger.Item) {
	writes := x.store.Writes()
	if x.read != nil && x.readAt == writes {
		return x.read
	}
	defer func() { x.read, x.readAt = items, writes }()
	for item, err := range x.ledger.Items(background, batchName) {
		if err != nil {
			s.breaks("ledger %s cannot be read: %v", x.name, err)
			break
		}
		items = append(items, item)
	}
	return items
}

func (s *story) done() bool {
	for _, x := range s.sites {
		items := s.items(x)
		if !x.hasApplied() || len(items) < len(s.rows) {
			return false
		}
		for _, item := range items {
			if !item.Record.Finished() {
				return false
			}
		}
	}
	return true
}

func (s *story) unfinished() string {
	var texts []string
	for _, x := range s.sites {
		for _, item := range s.items(x) {
			texts = append(texts, fmt.Sprintf("%s/%s %+v", x.name, item.Key, item.Record))
		}
	}
	return strings.Join(texts, "\n")
}

// isOfAnother reports whether the HaVIP is the result of another item of the ledger, which has the same name.
func (s *story) isOfAnother(x *site, key, haVIPID string) bool {
	return slices.ContainsFunc(s.items(x), func(item ledger.Item) bool {
		return item.Key != key && item.Record.HaVIPID == haVIPID
	})
}

// buryAll ends what still waits, so that the story's goroutines end with it. They wait for 20 minutes at most when
// nothing answers them any more.
func (s *story) buryAll() {
	for range 2 {
		s.plain()
		for _, x := range s.sites {
			for _, w := range x.workers {
				w.dead.Store(true)
			}
		}
		s.over.Store(true)
		for _, c := range s.settled() {
			s.take(c)
			c.let <- errDead
		}
		s.pass(20*time.Minute, true)
	}
}
