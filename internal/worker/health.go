package worker

import (
	"errors"
	"fmt"
	"time"
)

// stuckAfter is how long after the last heartbeat ended, written or not, the process has stopped working: heartbeats are sent every
// [BeatEvery] and take no longer than that, even without Redis.
const stuckAfter = 30 * time.Second

// Live returns an error if the process no longer works, and only a restart helps. Without Redis it is live, because a restart
// does not bring Redis back.
func (w *Worker) Live() error {
	o := w.parts.config.outage
	o.mu.Lock()
	defer o.mu.Unlock()
	last := later(o.ended, w.parts.config.started)
	if age := time.Since(last); age > stuckAfter {
		return fmt.Errorf("no heartbeat for %s: the process is stuck", age.Round(time.Second))
	}
	return nil
}

// Ready returns an error while no attempt may begin: the last heartbeat was not written, or is so old that other workers may soon
// declare this one dead. A heartbeat is a write, so a Redis that answers and refuses writes is not ready. A running worker serves
// all of its lanes. That a lane is suspended does not matter: it is for every worker.
func (w *Worker) Ready() error {
	o := w.parts.config.outage
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.cause != nil:
		return fmt.Errorf("the last heartbeat was not written: %w", o.cause)
	case o.wrote.IsZero():
		return errors.New("no heartbeat was written yet")
	}
	if age := time.Since(o.wrote); age > freshFor {
		return fmt.Errorf("the last heartbeat was written %s ago", age.Round(time.Second))
	}
	return nil
}
