package worker

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Watch sends a worker's heartbeats and rescues the items of dead workers. It costs an idle Redis half a
// script call a second.
type Watch struct {
	membership *Membership
	rescuer    *Rescuer
	outage     *outage
	observer   Observer
	cancel     context.CancelFunc
	done       sync.WaitGroup
	stop       sync.Once
}

// StartWatch registers the worker and starts the heartbeats. Start it before the worker takes a task, and stop
// it after the worker's last task ended. The caller stops it.
func StartWatch(p *Membership, r *Rescuer, o *outage, observer Observer) (*Watch, error) {
	ctx, cancel := context.WithCancel(context.Background())
	if err := p.Enter(ctx); err != nil {
		cancel()
		return nil, err
	}
	w := &Watch{membership: p, rescuer: r, outage: o, observer: observer, cancel: cancel}
	o.beats(func(ctx context.Context) error {
		_, err := w.heartbeat(ctx)
		return err
	})
	// In another goroutine, so that a long rescue delays no beat.
	dead := make(chan []Silence, 1)
	w.done.Go(func() { w.beat(ctx, dead) })
	w.done.Go(func() { w.rescue(ctx, dead) })
	return w, nil
}

// Stop ends the heartbeats and unregisters the worker. It may be called more than once.
func (w *Watch) Stop() {
	w.stop.Do(func() {
		w.cancel()
		w.done.Wait()
		if err := w.membership.Leave(context.Background()); err != nil {
			w.outage.log.Warn().Err(err).Msg("not unregistered; the other workers will declare this worker dead")
		}
	})
}

// beat sends heartbeats and passes the dead workers to the rescuer. If the rescuer is busy, the next heartbeat
// passes them again.
func (w *Watch) beat(ctx context.Context, dead chan<- []Silence) {
	tick := time.NewTicker(BeatEvery)
	defer tick.Stop()
	for {
		names, _ := w.heartbeat(ctx) // an error is logged
		if len(names) > 0 {
			select {
			case dead <- names:
			default:
			}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// heartbeat sends a heartbeat, and logs the first failure and the first success after it.
func (w *Watch) heartbeat(ctx context.Context) (dead []Silence, err error) {
	sent := time.Now()
	dead, err = w.membership.Beat(ctx)
	if ctx.Err() == nil {
		w.outage.heartbeat(sent, err)
		w.observer.Heartbeat(time.Since(sent), err)
	}
	return dead, err
}

// rescue rescues the items of dead workers. If a dead worker's request may still be in flight, it tries again
// when that request is over, without waiting for the next heartbeat.
func (w *Watch) rescue(ctx context.Context, dead <-chan []Silence) {
	var silences []Silence
	again := time.NewTimer(0)
	defer again.Stop()
	for {
		select {
		case silences = <-dead:
		case <-again.C:
		case <-ctx.Done():
			return
		}
		if wait := w.rescueEach(ctx, silences); wait > 0 {
			again.Reset(wait)
		}
	}
}

// rescueEach returns when to try again at the latest; 0 means at the next heartbeat.
func (w *Watch) rescueEach(ctx context.Context, silences []Silence) (again time.Duration) {
	for _, silence := range silences {
		wait, err := w.rescuer.Rescue(ctx, silence)
		if err != nil && ctx.Err() == nil {
			w.outage.log.WithLevel(w.outage.level(ctx, zerolog.WarnLevel)).Err(err).Str("dead", silence.Worker).Msg("rescue incomplete; will be retried")
		}
		if wait > 0 && (again == 0 || wait < again) {
			again = wait
		}
	}
	return again
}
