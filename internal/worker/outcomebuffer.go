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
	// flushEvery is the interval between attempts to record pending outcomes.
	flushEvery = time.Second
	// recordTimeout bounds one such attempt.
	recordTimeout = 3 * time.Second
)

// OutcomeBuffer keeps the outcomes of requests that ended while Redis was unavailable, in memory and in
// spool files, and records them when Redis is back. If the process is killed meanwhile, the next process
// reads the files. Losing an outcome is safe, because the request is repeated under the same clientToken;
// recording it saves that request and avoids an unknown outcome. It is safe for concurrent use.
type OutcomeBuffer struct {
	recorder tasks.Recorder
	log      zerolog.Logger
	// spool is nil if outcomes are kept in memory only.
	spool *spool.Spool

	mu      sync.Mutex
	pending map[string]tasks.PendingOutcome
	// unnamed counts the outcomes that could not be written to a file.
	unnamed int
	// damage is used by Flush.
	damage damage
}

// NewOutcomeBuffer returns a buffer with the outcomes that earlier processes left in the spool. The spool
// may be nil.
func NewOutcomeBuffer(recorder tasks.Recorder, files *spool.Spool, log zerolog.Logger) (*OutcomeBuffer, error) {
	k := &OutcomeBuffer{recorder: recorder, spool: files, log: log, pending: map[string]tasks.PendingOutcome{}}
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

func (k *OutcomeBuffer) load(name string) error {
	text, found, err := k.spool.Get(name)
	if err != nil || !found {
		return err
	}
	var u tasks.PendingOutcome
	if err := json.Unmarshal(text, &u); err != nil || u.Key == "" {
		k.log.Error().AnErr("cause", err).Str("file", k.spool.Path(name)).Msg("pending outcome cannot be read; inspect the file and delete it")
		return nil
	}
	k.pending[name] = u
	return nil
}

// Add stores an outcome until it is recorded.
func (k *OutcomeBuffer) Add(_ context.Context, u tasks.PendingOutcome) {
	name, err := k.write(u)
	k.mu.Lock()
	defer k.mu.Unlock()
	if name == "" {
		k.unnamed++
		name = fmt.Sprint("in memory ", k.unnamed)
	}
	k.pending[name] = u
	log := k.log.Warn().Str("batch", u.Batch).Str("key", u.Key).Str("class", u.Outcome.Class).Str("havip_id", u.Outcome.HaVIPID)
	switch {
	case err != nil:
		log.Err(err).Msg("outcome kept in memory only: the spool failed")
	case k.spool == nil:
		log.Msg("outcome kept in memory")
	default:
		log.Str("file", k.spool.Path(name)).Msg("outcome kept")
	}
}

func (k *OutcomeBuffer) write(u tasks.PendingOutcome) (name string, err error) {
	if k.spool == nil {
		return "", nil
	}
	text, err := json.Marshal(u)
	if err != nil {
		return "", err
	}
	return k.spool.Put(text)
}

// run records pending outcomes until ctx ends.
func (k *OutcomeBuffer) run(ctx context.Context) {
	tick := time.NewTicker(flushEvery)
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

// Flush tries to record all pending outcomes and returns how many remain. It skips items whose data is
// damaged and stops at the first other failure.
func (k *OutcomeBuffer) Flush(ctx context.Context) (left int) {
	pending := k.all()
	for _, name := range slices.Sorted(maps.Keys(pending)) {
		err := k.record(ctx, name, pending[name])
		if _, err = k.damage.skip(k.log, err); err != nil {
			break
		}
	}
	return len(k.all())
}

// RecordItem implements [tasks.OutcomeBuffer].
func (k *OutcomeBuffer) RecordItem(ctx context.Context, batch, key string) error {
	for name, u := range k.pendingFor(batch, key) {
		if err := k.record(ctx, name, u); err != nil {
			return fmt.Errorf("record the pending %s: %w", u, err)
		}
	}
	return nil
}

// record tries to record one outcome. After an error, the outcome remains pending. Two concurrent calls for
// one outcome are safe.
func (k *OutcomeBuffer) record(ctx context.Context, name string, u tasks.PendingOutcome) error {
	err := k.recordLate(ctx, u)
	switch {
	case errors.Is(err, tasks.ErrOtherLedger):
		k.discard(name, err)
	case err != nil:
		k.log.Debug().Err(err).Str("batch", u.Batch).Str("key", u.Key).Msg("pending outcome not recorded yet")
		return err
	default:
		k.log.Info().Str("batch", u.Batch).Str("key", u.Key).Str("class", u.Outcome.Class).Str("havip_id", u.Outcome.HaVIPID).
			Msg("pending outcome recorded")
		k.remove(name)
	}
	return nil
}

func (k *OutcomeBuffer) recordLate(ctx context.Context, u tasks.PendingOutcome) error {
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	return k.recorder.RecordLate(ctx, u)
}

func (k *OutcomeBuffer) all() map[string]tasks.PendingOutcome {
	k.mu.Lock()
	defer k.mu.Unlock()
	return maps.Clone(k.pending)
}

// pendingSince returns how many outcomes are pending, and when the oldest of their requests was sent.
func (k *OutcomeBuffer) pendingSince() (n int, oldest time.Time) {
	for _, u := range k.all() {
		if at := u.At.Time(); n == 0 || at.Before(oldest) {
			oldest = at
		}
		n++
	}
	return n, oldest
}

// pendingFor returns the pending outcomes of one item. Every task calls it, and it usually finds none.
func (k *OutcomeBuffer) pendingFor(batch, key string) map[string]tasks.PendingOutcome {
	k.mu.Lock()
	defer k.mu.Unlock()
	var some map[string]tasks.PendingOutcome
	for name, u := range k.pending {
		if u.Batch == batch && u.Key == key {
			if some == nil {
				some = map[string]tasks.PendingOutcome{}
			}
			some[name] = u
		}
	}
	return some
}

// remove deletes an outcome that is recorded.
func (k *OutcomeBuffer) remove(name string) {
	k.mu.Lock()
	delete(k.pending, name)
	k.mu.Unlock()
	if k.spool == nil {
		return
	}
	if err := k.spool.Remove(name); err != nil {
		k.log.Warn().Err(err).Msg("a recorded outcome remains in its file; recording it again will change nothing")
	}
}

// discard drops an outcome of another ledger from memory. Its file remains for a worker of that ledger.
func (k *OutcomeBuffer) discard(name string, cause error) {
	k.mu.Lock()
	delete(k.pending, name)
	k.mu.Unlock()
	log := k.log.Error().Err(cause)
	if k.spool != nil {
		log = log.Str("file", k.spool.Path(name))
	}
	log.Msg("pending outcome of another ledger not recorded: start a worker once with that Redis, or delete the file")
}

// Close tries to record the pending outcomes once more and logs what remains.
func (k *OutcomeBuffer) Close(ctx context.Context) {
	left := k.Flush(ctx)
	if left == 0 {
		return
	}
	message := "outcomes could not be recorded and are lost; their requests will be repeated under the same clientTokens"
	if k.spool != nil {
		message = "outcomes are kept in files; the next worker on this machine records them"
	}
	k.log.Error().Int("outcomes", left).Msg(message)
}
