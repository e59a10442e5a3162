package simulation

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing/synctest"
	"time"
)

// stage is where processes meet: each call of theirs to Redis or to BCE waits until it is let go on. One does so
// at a time, so that a story depends on its draws alone.
type stage struct {
	*tape
	began time.Time

	mu      sync.Mutex
	waiting []*call
	// wake receives when a call waits.
	wake chan struct{}

	// locking guards what processes write that the story reads.
	locking sync.Mutex

	// late are calls whose callers have left, and that may still arrive.
	late []*call
	// yields is in how many of a hundred calls to Redis the story may go on elsewhere; faults, in how many
	// calls something goes wrong.
	yields int
	faults atomic.Int64

	// over: the story has ended, and nobody is answered any more.
	over atomic.Bool
	// after, if set, is called after each call that was let go.
	after   func()
	tells   bool
	telling sync.Mutex // guards lines and counts
	lines   []string
	broken  string
	// counts are of what happened, for the report.
	counts map[string]int
}

// errReset is a connection that breaks, errDead what a process hears that does not exist any more.
var (
	errReset = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	errDead  = errors.New("this process is dead")
)

// process is what can die and stop: all of its calls go through it.
type process struct {
	*stage
	name          string
	dead, stopped atomic.Bool
	// cut: it does not reach Redis.
	cut   atomic.Bool
	calls int
}

// call is one that waits to be let go on.
type call struct {
	by   *process
	n    int
	what string
	// run carries it out where it leads to, and answers. Again does so when nobody hears the answer; nil where
	// that cannot be.
	run, again func()
	isBCE      bool
	// let receives what the caller receives.
	let  chan error
	left bool
	// since is when it began.
	since time.Time
}

// call waits to be let go on, and then for the answer.
func (p *process) call(ctx context.Context, c *call) error {
	if p.dead.Load() || p.over.Load() {
		return errDead
	}
	c.by, c.let, c.since = p, make(chan error, 1), time.Now()
	p.mu.Lock()
	p.calls++
	c.n = p.calls
	p.waiting = append(p.waiting, c)
	p.mu.Unlock()
	select {
	case p.wake <- struct{}{}:
	default:
	}
	select {
	case err := <-c.let:
		return err
	case <-ctx.Done():
		p.mu.Lock()
		defer p.mu.Unlock()
		c.left = true
		return ctx.Err()
	}
}

// atOnce is a call at which the story does not go on elsewhere.
func (p *process) atOnce(run func()) error {
	switch {
	case p.dead.Load(), p.over.Load():
		return errDead
	case !p.chance(p.faulty()):
		run()
		return nil
	case p.draw(2) == 1:
		run()
	}
	return errReset
}

func (s *stage) faulty() int { return int(s.faults.Load()) }

func (s *stage) locked(do func()) {
	s.locking.Lock()
	defer s.locking.Unlock()
	do()
}

// spawn begins something, and waits until it waits itself: two that begin at once would go on in any order.
func (s *stage) spawn(do func()) {
	go do()
	synctest.Wait()
}

// settled waits until every process waits for something, and returns the calls that may go on.
func (s *stage) settled() []*call {
	synctest.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	var there []*call
	for _, c := range s.waiting {
		switch {
		case c.left && c.again != nil:
			s.late = append(s.late, c)
		case c.left:
		default:
			there = append(there, c)
		}
	}
	slices.SortStableFunc(there, func(a, b *call) int {
		return cmp.Or(strings.Compare(a.by.name, b.by.name), strings.Compare(a.what, b.what), a.n-b.n)
	})
	s.waiting = there
	return slices.DeleteFunc(slices.Clone(there), func(c *call) bool { return c.by.stopped.Load() && !s.over.Load() })
}

// take removes a call from those that wait.
func (s *stage) take(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = slices.DeleteFunc(s.waiting, func(other *call) bool { return other == c })
}

// letGo lets a call go on, and decides what becomes of it.
func (s *stage) letGo(c *call) {
	s.take(c)
	if s.after != nil {
		defer s.after()
	}
	if !s.chance(s.faulty()) {
		s.say(c.by, "%s", c.what)
		c.run()
		c.let <- nil
		return
	}
	switch s.draw(5) {
	case 0:
		s.say(c.by, "%s: lost on its way", c.what)
		c.let <- errReset
	case 1:
		s.say(c.by, "%s: the answer is lost", c.what)
		c.run()
		c.let <- errReset
	case 2:
		s.say(c.by, "%s: given up, and still on its way", c.what)
		if c.again != nil {
			s.late = append(s.late, c)
		}
		c.let <- errReset
	case 3:
		s.say(c.by, "%s: dies before", c.what)
		s.kill(c.by)
		c.let <- errDead
	case 4:
		s.say(c.by, "%s: dies after", c.what)
		c.run()
		s.kill(c.by)
		c.let <- errDead
	}
}

// kill ends a process. What it had sent may still arrive.
func (s *stage) kill(p *process) {
	p.dead.Store(true)
	s.count("deaths")
	for _, c := range s.settledOf(p) {
		s.take(c)
		if c.again != nil && s.draw(2) == 1 {
			s.late = append(s.late, c)
		}
		c.let <- errDead
	}
}

func (s *stage) settledOf(p *process) []*call {
	s.mu.Lock()
	defer s.mu.Unlock()
	var own []*call
	for _, c := range s.waiting {
		if c.by == p && !c.left {
			own = append(own, c)
		}
	}
	return own
}

// lateRedis bounds how late a command arrives at Redis. A request may arrive at BCE at any time.
const lateRedis = 5 * time.Second

// arrive has one of the late calls arrive, or not.
func (s *stage) arrive() {
	i := s.draw(len(s.late))
	c := s.late[i]
	s.late = slices.Delete(s.late, i, i+1)
	if !c.isBCE && time.Since(c.since) > lateRedis || s.draw(3) == 0 {
		return
	}
	s.say(c.by, "%s: arrives late", c.what)
	s.count("late")
	c.again()
}

// aside keeps what the story does from the moments at which a process's own waits end: which of two things of one
// moment comes first would be anybody's guess.
const aside = 137 * time.Microsecond

// pass lets time pass, until something waits to go on if that is before.
func (s *stage) pass(d time.Duration, whatever bool) {
	d += aside
	select {
	case <-s.wake:
	default:
	}
	if whatever {
		<-time.After(d)
		return
	}
	select {
	case <-time.After(d):
	case <-s.wake:
	}
}

func (s *stage) count(what string) {
	s.telling.Lock()
	defer s.telling.Unlock()
	s.counts[what]++
}

func (s *stage) say(by *process, format string, args ...any) {
	if !s.tells {
		return
	}
	s.telling.Lock()
	defer s.telling.Unlock()
	name := "-"
	if by != nil {
		name = by.name
	}
	s.lines = append(s.lines, fmt.Sprintf("%10.1f s %-8s ", time.Since(s.began).Seconds(), name)+fmt.Sprintf(format, args...))
}

// breaks notes the first promise that a story breaks.
func (s *stage) breaks(format string, args ...any) {
	if s.broken == "" {
		s.broken = fmt.Sprintf(format, args...)
		s.say(nil, "BROKEN: %s", s.broken)
	}
}
