//go:build unix

package main

import (
	"bytes"
	"cmp"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// Send is one create as it passed from a worker to the simulator.
type Send struct {
	// Worker is the number of the worker that sent it.
	Worker int
	Token  string
	// From is when it was sent; Until is when the first of its answer was delivered, or its connection
	// ended.
	From, Until time.Time
}

// Journal is all that was sent. It is safe for concurrent use.
type Journal struct {
	mu    sync.Mutex
	sends []*Send
}

// createLine is how the head of every create begins that is sent to a proxy; a query or the version follows.
const createLine = "POST " + endpoint + "/v1/havip"

// watch returns what watches one connection of a worker.
func (j *Journal) watch(worker int) watcher { return &sendWatcher{journal: j, worker: worker} }

// Sends returns what is in the journal, those still without an answer as ending now.
func (j *Journal) Sends(now time.Time) []Send {
	j.mu.Lock()
	defer j.mu.Unlock()
	sends := make([]Send, len(j.sends))
	for i, s := range j.sends {
		sends[i] = *s
		if s.Until.IsZero() {
			sends[i].Until = now
		}
	}
	return sends
}

// sendWatcher finds the creates on one connection, which carries one request at a time.
type sendWatcher struct {
	journal *Journal
	worker  int
	// current and isClosed are guarded by the journal's lock.
	current  *Send
	isClosed bool
}

func (w *sendWatcher) sent(chunk []byte) {
	rest, isCreate := bytes.CutPrefix(chunk, []byte(createLine))
	if !isCreate {
		return
	}
	target, _, _ := bytes.Cut(rest, []byte(" "))
	query, _ := url.ParseQuery(strings.TrimPrefix(string(target), "?")) // what cannot be read has no token
	w.journal.mu.Lock()
	defer w.journal.mu.Unlock()
	if w.isClosed {
		return // a wire that is cut passes nothing on that it reads afterwards
	}
	w.finish()
	w.current = &Send{Worker: w.worker, Token: query.Get("clientToken"), From: time.Now()}
	w.journal.sends = append(w.journal.sends, w.current)
}

func (w *sendWatcher) closed() {
	w.journal.mu.Lock()
	defer w.journal.mu.Unlock()
	w.finish()
	w.isClosed = true
}

func (w *sendWatcher) answered() {
	w.journal.mu.Lock()
	defer w.journal.mu.Unlock()
	w.finish()
}

// finish ends the current send; the caller has locked.
func (w *sendWatcher) finish() {
	if w.current != nil {
		w.current.Until = time.Now()
		w.current = nil
	}
}

// Stop is a time in which a worker was stopped by SIGSTOP.
type Stop struct {
	Worker      int
	From, Until time.Time
}

const (
	// observation is how much later the end of one request may be seen than the begin of the next:
	// they travel on two connections.
	observation = 50 * time.Millisecond
	// afterStop is how long a process that was stopped may still act on what it decided before.
	afterStop = 2 * time.Second
)

// Overlap is two creates under one token of which the second was sent before the first was over.
type Overlap struct {
	First, Second Send
	// Stopped says that the worker of one of them was stopped meanwhile.
	Stopped bool
}

// Overlaps finds them.
func Overlaps(sends []Send, stops []Stop) []Overlap {
	byToken := map[string][]Send{}
	for _, s := range sends {
		byToken[s.Token] = append(byToken[s.Token], s)
	}
	var overlaps []Overlap
	for _, of := range byToken {
		slices.SortFunc(of, func(a, b Send) int { return a.From.Compare(b.From) })
		for i, second := range of {
			for _, first := range of[:i] {
				if second.From.Add(observation).Before(first.Until) {
					overlaps = append(overlaps, Overlap{first, second, stopped(first, stops) || stopped(second, stops)})
				}
			}
		}
	}
	slices.SortFunc(overlaps, func(a, b Overlap) int {
		return cmp.Or(a.Second.From.Compare(b.Second.From), cmp.Compare(a.Second.Token, b.Second.Token))
	})
	return overlaps
}

func stopped(s Send, stops []Stop) bool {
	return slices.ContainsFunc(stops, func(stop Stop) bool {
		return stop.Worker == s.Worker && stop.From.Before(s.Until) && s.From.Before(stop.Until.Add(afterStop))
	})
}
