package ledger

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/lifecycle"
)

// ClaimedItem names an item whose task a worker runs. Rescuers use it to find the items of a dead
// worker; the item's record decides what the item needs.
type ClaimedItem struct{ Batch, Key string }

func (h ClaimedItem) encode() string { return Owner{Batch: h.Batch, Key: h.Key}.encode() }

// Heartbeats is the result of [Ledger.Beat].
type Heartbeats struct {
	// Alive is false if the worker was declared dead. That is final: it must enter again under a new name.
	Alive bool
	// Dead names the workers whose items are not rescued yet, longest dead first.
	Dead []string
	// Counts is the number of heartbeats of each live and dead worker. A worker whose count stays the same is silent;
	// each observer measures by its own clock for how long.
	Counts map[string]int64
}

// Enter registers a worker as alive, with the items that it already claims. The name must be unique to this start of
// the process: a name that was declared dead stays dead.
func (l *Ledger) Enter(ctx context.Context, worker string, claimed []ClaimedItem) error {
	args := make([]any, len(claimed))
	for i, h := range claimed {
		args[i] = h.encode()
	}
	_, err := l.runWorker(ctx, enterScript, worker, args...)
	return workerError("enter", worker, err)
}

// Beat records a heartbeat of a worker and returns the heartbeats of all workers. A late heartbeat is valid unless the
// worker was declared dead.
func (l *Ledger) Beat(ctx context.Context, worker string) (Heartbeats, error) {
	raw, err := l.runWorker(ctx, beatScript, worker, maxBeatGap.Milliseconds())
	if err != nil {
		return Heartbeats{}, workerError("heartbeat of", worker, err)
	}
	fields, err := replyOf(raw, 3)
	if err != nil {
		return Heartbeats{}, workerError("heartbeat of", worker, err)
	}
	names, _ := fields[1].([]any)
	heartbeats := Heartbeats{Alive: fields.number(0) == 1}
	for i := range names {
		heartbeats.Dead = append(heartbeats.Dead, reply(names).text(i))
	}
	heartbeats.Counts, err = beatCounts(fields[2])
	return heartbeats, workerError("heartbeat of", worker, err)
}

// maxBeatGap is the maximum time between two heartbeats that counts as uptime.
const maxBeatGap = 10 * time.Second

// Uptime returns for how long at least one worker has been alive in total. Steps of Redis's clock and restarts do not
// affect it. The value is as of the last heartbeat, which is at most a few seconds old while a worker is alive.
func (l *Ledger) Uptime(ctx context.Context) (lifecycle.Uptime, error) {
	if l.now != nil { // a test's clock has no steps
		return lifecycle.Uptime(l.now().UnixMilli()), nil
	}
	uptime, err := l.rdb.HGet(ctx, workersPrefix+"uptime", "ms").Int64()
	if err != nil && !errors.Is(err, redis.Nil) {
		return 0, fmt.Errorf("uptime of workers: %w", err)
	}
	return lifecycle.Uptime(max(uptime, 1)), nil
}

// beatCounts parses alternating names and numbers; lua/beat.lua has repaired unreadable ones.
func beatCounts(raw any) (map[string]int64, error) {
	pairs, _ := raw.([]any)
	counts := make(map[string]int64, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		n, err := strconv.ParseInt(reply(pairs).text(i+1), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("heartbeats of worker %q: %w", reply(pairs).text(i), err)
		}
		counts[reply(pairs).text(i)] = n
	}
	return counts, nil
}

// DeclareDead declares a worker dead that the caller has observed to be silent since the heartbeat with this number. It
// returns false, and changes nothing, if the worker has sent a heartbeat since or was already declared dead.
func (l *Ledger) DeclareDead(ctx context.Context, dead string, beat int64) (bool, error) {
	raw, err := l.runWorker(ctx, declareDeadScript, dead, beat)
	return raw == int64(1), workerError("declare dead", dead, err)
}

// SilentAfter is the age of a heartbeat from which on its worker is reported as not heard from. If other workers are alive,
// they have declared it dead by then.
const SilentAfter = 12 * time.Second

// LastBeat is when a worker last sent a heartbeat, by Redis's clock. It is for display only.
type LastBeat struct {
	Worker string
	At     Millis
}

// maxWorkersListed bounds how many workers [Ledger.Beats] returns.
const maxWorkersListed = 1000

// Beats lists the workers that are not declared dead, the longest silent first.
func (l *Ledger) Beats(ctx context.Context) ([]LastBeat, error) {
	entries, err := l.rdb.ZRangeWithScores(ctx, beatsKey, 0, maxWorkersListed-1).Result()
	if err != nil {
		return nil, fmt.Errorf("heartbeats of workers: %w", err)
	}
	beats := make([]LastBeat, len(entries))
	for i, entry := range entries {
		name, _ := entry.Member.(string)
		beats[i] = LastBeat{Worker: name, At: Millis(entry.Score)}
	}
	return beats, nil
}

// DeadWorkers names up to limit workers that were declared dead and whose items are not rescued yet, longest dead first.
func (l *Ledger) DeadWorkers(ctx context.Context, limit int64) ([]string, error) {
	names, err := l.rdb.ZRange(ctx, deadKey, 0, limit-1).Result()
	if err != nil {
		return nil, fmt.Errorf("dead workers: %w", err)
	}
	return names, nil
}

// Leave unregisters a worker that stops. It returns how many items the worker still claims; they are rescued at once,
// like a dead worker's.
func (l *Ledger) Leave(ctx context.Context, worker string) (left int64, err error) {
	raw, err := l.runWorker(ctx, leaveScript, worker)
	left, _ = raw.(int64)
	return left, workerError("leave of", worker, err)
}

// ClaimItem records that the worker runs the item's task. It returns false, and records nothing, if the
// worker was declared dead.
func (l *Ledger) ClaimItem(ctx context.Context, worker string, h ClaimedItem) (bool, error) {
	claimed, err := claimScript.Run(ctx, l.rdb, []string{beatsKey, inflightOf(worker)}, worker, h.encode()).Bool()
	return claimed, workerError("claim by", worker, err)
}

// UnclaimItem removes a claim of [Ledger.ClaimItem]. Removing a claim that does not exist is not an error.
func (l *Ledger) UnclaimItem(ctx context.Context, worker string, h ClaimedItem) error {
	return workerError("unclaim by", worker, l.rdb.SRem(ctx, inflightOf(worker), h.encode()).Err())
}

// ClaimedBy returns the items that a worker claims, in no particular order.
func (l *Ledger) ClaimedBy(ctx context.Context, worker string) ([]ClaimedItem, error) {
	members, err := l.rdb.SMembers(ctx, inflightOf(worker)).Result()
	if err != nil {
		return nil, workerError("claimed by", worker, err)
	}
	claimed := make([]ClaimedItem, len(members))
	for i, member := range members {
		owner := decodeOwner(member)
		claimed[i] = ClaimedItem{Batch: owner.Batch, Key: owner.Key}
	}
	return claimed, nil
}

// RemoveDeadWorker removes a dead worker that claims no items; otherwise it changes nothing.
func (l *Ledger) RemoveDeadWorker(ctx context.Context, worker string) error {
	_, err := l.runWorker(ctx, removeDeadWorkerScript, worker)
	return workerError("remove dead", worker, err)
}

// Release is the result of [Ledger.Release].
type Release struct {
	Result lifecycle.Released
	// Item is set unless Result is ReleasedAbsent.
	Item Item
	// Wait is how much longer the worker must be silent if Result is ReleasedEarly.
	Wait time.Duration
}

// Release frees an item that a dead worker claims. Silent is how long that worker has been silent, by the caller's
// monotonic clock. The worker's attempt ends when its request is certainly over ([BeginOptions]), not with its lease.
// Only a worker whose process was stopped and resumes later may then overlap with another worker's attempt. Release is
// safe to repeat.
func (l *Ledger) Release(ctx context.Context, batch, key, dead string, silent time.Duration) (Release, error) {
	var answer lifecycle.Released
	var wait time.Duration
	d, err := l.update(ctx, batch, key, Known{}, noEntry, func(s lifecycle.Snapshot) (c lifecycle.Change) {
		answer, wait, c = lifecycle.Release(s, dead, silent)
		return c
	})
	switch {
	case errors.Is(err, errAbsent):
		return Release{Result: lifecycle.ReleasedAbsent}, nil
	case err != nil:
		return Release{}, itemError("release", batch, key, err)
	}
	item, err := d.item(batch)
	if err != nil {
		return Release{}, itemError("release", batch, key, err)
	}
	return Release{Result: answer, Item: item, Wait: wait}, nil
}

// Scripts about workers have a prelude of their own: they change no batch.
var (
	enterScript            = workerScript("enter")
	beatScript             = workerScript("beat")
	declareDeadScript      = workerScript("declaredead")
	leaveScript            = workerScript("leave")
	describeScript         = workerScript("describe")
	claimScript            = redis.NewScript(source("claim"))
	removeDeadWorkerScript = workerScript("removedeadworker")
)

func workerScript(name string) *redis.Script {
	return redis.NewScript(source("workers") + "\n" + source(name))
}

// workersPrefix is the prefix of all keys about workers, in one Redis Cluster slot.
const (
	workersPrefix = "havip:workers:{workers}:"
	beatsKey      = workersPrefix + "beats"
	deadKey       = workersPrefix + "dead"
	infoKey       = workersPrefix + "info"
)

func inflightOf(worker string) string { return workersPrefix + "inflight:" + worker }

func (l *Ledger) runWorker(ctx context.Context, s *redis.Script, worker string, args ...any) (any, error) {
	keys := []string{beatsKey, deadKey, inflightOf(worker), workersPrefix + "pulse", workersPrefix + "uptime", infoKey}
	argv := append(make([]any, 0, len(args)+2), l.millis(), worker)
	return s.Run(ctx, l.rdb, keys, append(argv, args...)...).Result()
}

func workerError(op, worker string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s worker %q: %w", op, worker, err)
}
