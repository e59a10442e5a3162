package worker

import (
	"context"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Watch is a worker's part in the fleet's watch over itself: it beats, and rescues what dead
// workers had in hand. It costs an idle Redis half a script call a second.
type Watch struct {
	membership *Membership
	rescuer    *Rescuer
	log        zerolog.Logger
	cancel     context.CancelFunc
	done       sync.WaitGroup
	stop       sync.Once
}

// StartWatch enters the fleet and begins to watch. It must begin before the worker takes a task,
// and stop after the worker let go of the last. The caller stops it.
func StartWatch(p *Membership, r *Rescuer, log zerolog.Logger) (*Watch, error) {
	ctx, cancel := context.WithCancel(context.Background())
	if err := p.Enter(ctx); err != nil {
		cancel()
		return nil, err
	}
	w := &Watch{membership: p, rescuer: r, log: log, cancel: cancel}
	// Apart, so that a long rescue delays no beat.
	dead := make(chan []Silence, 1)
	w.done.Go(func() { w.beat(ctx, dead) })
	w.done.Go(func() { w.rescue(ctx, dead) })
	return w, nil
}

// Stop ends the watch and leaves the fleet. It may be called more than once.
func (w *Watch) Stop() {
	w.stop.Do(func() {
		w.cancel()
		w.done.Wait()
		if err := w.membership.Leave(context.Background()); err != nil {
			w.log.Warn().Err(err).Msg("not left; the fleet will find this worker dead")
		}
	})
}

// beat hands on who is dead. What a busy rescuer does not hear, the next beat tells it again.
func (w *Watch) beat(ctx context.Context, dead chan<- []Silence) {
	tick := time.NewTicker(BeatEvery)
	defer tick.Stop()
	for {
		names, err := w.membership.Beat(ctx)
		if err != nil && ctx.Err() == nil {
			w.log.Warn().Err(err).Msg("heartbeat failed")
		}
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

// rescue takes care of the dead. Where a request of theirs may still be under way, it comes again when that is
// over, and no beat later.
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

// rescueEach answers when to come again at the latest; 0 leaves that to the next beat.
func (w *Watch) rescueEach(ctx context.Context, silences []Silence) (again time.Duration) {
	for _, silence := range silences {
		wait, err := w.rescuer.Rescue(ctx, silence)
		if err != nil && ctx.Err() == nil {
			w.log.Warn().Err(err).Str("dead", silence.Worker).Msg("rescue incomplete; it is tried again")
		}
		if wait > 0 && (again == 0 || wait < again) {
			again = wait
		}
	}
	return again
}
