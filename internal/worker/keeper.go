package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"havip/internal/spool"
	"havip/tasks"
)

const (
	// keepEvery is how often it is tried to record what is kept.
	keepEvery = time.Second
	// lateTimeout bounds one such try.
	lateTimeout = 3 * time.Second
)

// Keeper keeps the outcomes of requests that ended while Redis was away, in memory and as files, and
// records them when it is back; a process that is killed meanwhile leaves the files to the next. An
// outcome that were lost would not be missed, for its request is repeated under its clientToken; but
// it saves the request, and what is known for sure is not put in doubt. It is safe for concurrent use.
type Keeper struct {
	recorder tasks.Recorder
	log      zerolog.Logger
	// spool is nil when there is memory only.
	spool *spool.Spool

	mu   sync.Mutex
	kept map[string]tasks.Unrecorded
	// unnamed counts those that could not be written.
	unnamed int
	// damage is used by Flush.
	damage damage
}

// NewKeeper returns a keeper with what earlier processes left in the spool, which may be nil.
func NewKeeper(recorder tasks.Recorder, files *spool.Spool, log zerolog.Logger) (*Keeper, error) {
	k := &Keeper{recorder: recorder, spool: files, log: log, kept: map[string]tasks.Unrecorded{}}
	if files == nil {
		return k, nil
	}
	names, err := files.Names()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := k.load(name); err != nil {
			return nil, err
		}
	}
	return k, nil
}

func (k *Keeper) load(name string) error {
	text, found, err := k.spool.Get(name)
	if err != nil || !found {
		return err
	}
	var u tasks.Unrecorded
	if err := json.Unmarshal(text, &u); err != nil || u.Key == "" {
		k.log.Error().AnErr("cause", err).Str("file", k.spool.Path(name)).Msg("kept outcome cannot be read; look at the file and delete it")
		return nil
	}
	k.kept[name] = u
	return nil
}

// Keep takes an outcome in.
func (k *Keeper) Keep(_ context.Context, u tasks.Unrecorded) {
	name, err := k.write(u)
	k.mu.Lock()
	defer k.mu.Unlock()
	if name == "" {
		k.unnamed++
		name = fmt.Sprint("in memory ", k.unnamed)
	}
	k.kept[name] = u
	log := k.log.Warn().Str("batch", u.Batch).Str("key", u.Key).Str("class", u.Outcome.Class).Str("havip_id", u.Outcome.HaVIPID)
	switch {
	case err != nil:
		log.Err(err).Msg("outcome kept in memory only")
	case k.spool == nil:
		log.Msg("outcome kept in memory")
	default:
		log.Str("file", k.spool.Path(name)).Msg("outcome kept")
	}
}

func (k *Keeper) write(u tasks.Unrecorded) (name string, err error) {
	if k.spool == nil {
		return "", nil
	}
	text, err := json.Marshal(u)
	if err != nil {
		return "", err
	}
	return k.spool.Put(text)
}

// run records what is kept until ctx ends.
func (k *Keeper) run(ctx context.Context) {
	tick := time.NewTicker(keepEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			k.Flush(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// Flush tries to record all that is kept, and returns how many outcomes still are. It passes over items whose data is
// damaged, and stops at the first other failure.
func (k *Keeper) Flush(ctx context.Context) (left int) {
	kept := k.all()
	for _, name := range slices.Sorted(maps.Keys(kept)) {
		err := k.record(ctx, name, kept[name])
		if _, err = k.damage.skip(k.log, err); err != nil {
			break
		}
	}
	return len(k.all())
}

// RecordItem implements [tasks.Keeper].
func (k *Keeper) RecordItem(ctx context.Context, batch, key string) error {
	for name, u := range k.of(batch, key) {
		if err := k.record(ctx, name, u); err != nil {
			return fmt.Errorf("record the kept %s: %w", u, err)
		}
	}
	return nil
}

// record tries to record one outcome. With an error it is kept on; that it may be recorded twice at a
// time does no harm.
func (k *Keeper) record(ctx context.Context, name string, u tasks.Unrecorded) error {
	err := k.late(ctx, u)
	switch {
	case errors.Is(err, tasks.ErrOtherLedger):
		k.disown(name, err)
	case err != nil:
		k.log.Debug().Err(err).Str("batch", u.Batch).Str("key", u.Key).Msg("kept outcome not recorded yet")
		return err
	default:
		k.log.Info().Str("batch", u.Batch).Str("key", u.Key).Str("class", u.Outcome.Class).Str("havip_id", u.Outcome.HaVIPID).
			Msg("kept outcome recorded")
		k.forget(name)
	}
	return nil
}

func (k *Keeper) late(ctx context.Context, u tasks.Unrecorded) error {
	ctx, cancel := context.WithTimeout(ctx, lateTimeout)
	defer cancel()
	return k.recorder.RecordLate(ctx, u)
}

func (k *Keeper) all() map[string]tasks.Unrecorded {
	k.mu.Lock()
	defer k.mu.Unlock()
	return maps.Clone(k.kept)
}

// of is what is kept of one item: every task asks, and finds nothing as a rule.
func (k *Keeper) of(batch, key string) map[string]tasks.Unrecorded {
	k.mu.Lock()
	defer k.mu.Unlock()
	var some map[string]tasks.Unrecorded
	for name, u := range k.kept {
		if u.Batch == batch && u.Key == key {
			if some == nil {
				some = map[string]tasks.Unrecorded{}
			}
			some[name] = u
		}
	}
	return some
}

// forget drops what is recorded.
func (k *Keeper) forget(name string) {
	k.mu.Lock()
	delete(k.kept, name)
	k.mu.Unlock()
	if k.spool == nil {
		return
	}
	if err := k.spool.Remove(name); err != nil {
		k.log.Warn().Err(err).Msg("a recorded outcome stays in its file; recording it again will change nothing")
	}
}

// disown leaves the file of an outcome for a worker of the ledger that it belongs to.
func (k *Keeper) disown(name string, cause error) {
	k.mu.Lock()
	delete(k.kept, name)
	k.mu.Unlock()
	log := k.log.Error().Err(cause)
	if k.spool != nil {
		log = log.Str("file", k.spool.Path(name))
	}
	log.Msg("kept outcome not recorded: start a worker once with the Redis that it is of, or delete the file")
}

// Leave makes a last try, and says what is left behind.
func (k *Keeper) Leave(ctx context.Context) {
	left := k.Flush(ctx)
	if left == 0 {
		return
	}
	message := "outcomes could not be recorded, and are lost; their requests will be repeated under the same clientTokens"
	if k.spool != nil {
		message = "outcomes are kept in files; the next worker of this machine records them"
	}
	k.log.Error().Int("outcomes", left).Msg(message)
}
