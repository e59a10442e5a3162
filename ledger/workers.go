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

// ClaimedItem names an item whose task a worker runs. It tells the rescuers which items of a dead
// worker to look at; the item's record decides what the item needs.
type ClaimedItem struct{ Batch, Key string }

func (h ClaimedItem) encode() string { return Owner{Batch: h.Batch, Key: h.Key}.encode() }

// Heartbeats is the answer to [Ledger.Beat].
type Heartbeats struct {
	// Alive is false when the worker was found dead. That is final: it enters again, under a name
	// that it never had.
	Alive bool
	// Dead names the workers whose items are still to be rescued, the longest dead first.
	Dead []string
	// Counts is how often each worker has beaten, of the living and of the dead. A number that stays the
	// same is silence; how long it lasts, each observer measures by its own clock.
	Counts map[string]int64
}

// Enter makes a worker known as alive, with what it holds already. The name must be unique to
// this start of this process: one that was found dead once is dead for ever.
func (l *Ledger) Enter(ctx context.Context, worker string, claimed []ClaimedItem) error {
	args := make([]any, len(claimed))
	for i, h := range claimed {
		args[i] = h.encode()
	}
	_, err := l.runWorker(ctx, enterScript, worker, args...)
	return workerError("enter", worker, err)
}

// Beat says that a worker is alive, and tells of all. A beat that comes late is good as long as nobody found
// its worker dead.
func (l *Ledger) Beat(ctx context.Context, worker string) (Heartbeats, error) {
	raw, err := l.runWorker(ctx, beatScript, worker, maxBeatGap.Milliseconds())
	if err != nil {
		return Heartbeats{}, workerError("beat of", worker, err)
	}
	fields, err := replyOf(raw, 3)
	if err != nil {
		return Heartbeats{}, workerError("beat of", worker, err)
	}
	names, _ := fields[1].([]any)
	heartbeats := Heartbeats{Alive: fields.number(0) == 1}
	for i := range names {
		heartbeats.Dead = append(heartbeats.Dead, reply(names).text(i))
	}
	heartbeats.Counts, err = beatCounts(fields[2])
	return heartbeats, workerError("beat of", worker, err)
}

// maxBeatGap is how far two beats of the fleet may be apart for the time between them to count as lived through.
const maxBeatGap = 10 * time.Second

// Lived is for how long some worker of the fleet has lived so far: a time that no step of Redis's clock moves, nor
// a restart. It is as of the last beat, some seconds ago at most while a worker lives.
func (l *Ledger) Lived(ctx context.Context) (lifecycle.Lived, error) {
	if l.now != nil { // a test's clock does not step by itself
		return lifecycle.Lived(l.now().UnixMilli()), nil
	}
	lived, err := l.rdb.HGet(ctx, workersPrefix+"lived", "ms").Int64()
	if err != nil && !errors.Is(err, redis.Nil) {
		return 0, fmt.Errorf("time that workers lived: %w", err)
	}
	return lifecycle.Lived(max(lived, 1)), nil
}

// beatCounts reads names and numbers, by turns; lua/beat.lua has put right those that cannot be read.
func beatCounts(raw any) (map[string]int64, error) {
	pairs, _ := raw.([]any)
	counts := make(map[string]int64, len(pairs)/2)
	for i := 0; i+1 < len(pairs); i += 2 {
		n, err := strconv.ParseInt(reply(pairs).text(i+1), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("beats of worker %q: %w", reply(pairs).text(i), err)
		}
		counts[reply(pairs).text(i)] = n
	}
	return counts, nil
}

// DeclareDead writes down that a worker is dead, which the caller has observed to be silent since its beat of this
// number. It answers false, and changes nothing, when the worker has beaten since, or somebody was faster.
func (l *Ledger) DeclareDead(ctx context.Context, dead string, beat int64) (bool, error) {
	raw, err := l.runWorker(ctx, declareDeadScript, dead, beat)
	return raw == int64(1), workerError("declare dead", dead, err)
}

// LastBeat is when a worker last said that it is alive, by Redis's clock. It is for people, and decides nothing.
type LastBeat struct {
	Worker string
	At     Millis
}

// maxWorkersListed bounds how many workers [Ledger.Beats] answers.
const maxWorkersListed = 1000

// Beats lists the workers that nobody found dead, the longest silent first.
func (l *Ledger) Beats(ctx context.Context) ([]LastBeat, error) {
	entries, err := l.rdb.ZRangeWithScores(ctx, beatsKey, 0, maxWorkersListed-1).Result()
	if err != nil {
		return nil, fmt.Errorf("beats of workers: %w", err)
	}
	beats := make([]LastBeat, len(entries))
	for i, entry := range entries {
		name, _ := entry.Member.(string)
		beats[i] = LastBeat{Worker: name, At: Millis(entry.Score)}
	}
	return beats, nil
}

// Leave takes a worker that stops out of the fleet. It answers how many items it still holds;
// they are to be rescued at once, as a dead worker's are.
func (l *Ledger) Leave(ctx context.Context, worker string) (left int64, err error) {
	raw, err := l.runWorker(ctx, leaveScript, worker)
	left, _ = raw.(int64)
	return left, workerError("leave of", worker, err)
}

// ClaimItem records that the worker runs the item's task. It returns false, and records nothing, if the
// worker was declared dead.
func (l *Ledger) ClaimItem(ctx context.Context, worker string, h ClaimedItem) (bool, error) {
	noted, err := claimScript.Run(ctx, l.rdb, []string{beatsKey, inflightOf(worker)}, worker, h.encode()).Bool()
	return noted, workerError("hold by", worker, err)
}

// LetGo takes a note of [Ledger.ClaimItem] back. Taking back what is not noted is fine.
func (l *Ledger) UnclaimItem(ctx context.Context, worker string, h ClaimedItem) error {
	return workerError("let go by", worker, l.rdb.SRem(ctx, inflightOf(worker), h.encode()).Err())
}

// ClaimedBy returns the items that a worker claims, in no particular order.
func (l *Ledger) ClaimedBy(ctx context.Context, worker string) ([]ClaimedItem, error) {
	members, err := l.rdb.SMembers(ctx, inflightOf(worker)).Result()
	if err != nil {
		return nil, workerError("held by", worker, err)
	}
	claimed := make([]ClaimedItem, len(members))
	for i, member := range members {
		owner := decodeOwner(member)
		claimed[i] = ClaimedItem{Batch: owner.Batch, Key: owner.Key}
	}
	return claimed, nil
}

// RemoveDeadWorker forgets a dead worker of which nothing is left to rescue; otherwise it changes nothing.
func (l *Ledger) RemoveDeadWorker(ctx context.Context, worker string) error {
	_, err := l.runWorker(ctx, removeDeadWorkerScript, worker)
	return workerError("bury", worker, err)
}

// Release is the answer to [Ledger.Release].
type Release struct {
	// Verdict is Applied when the item needs a task; Early when the dead worker's request may still be
	// under way; Finished, Busy (another worker's attempt is in flight) or Absent when nothing is to be done.
	Verdict Verdict
	// Item is set unless Verdict is Absent.
	Item Item
	// Wait is how much longer the worker must be silent, where Verdict is Early.
	Wait time.Duration
}

// Release lets an item go on whose task a dead worker held that was silent for this long, by the caller's
// monotonic clock. An attempt of that worker ends when its request is certainly over ([BeginOptions]),
// instead of with its lease. Only a worker that does not keep to that (its process was stopped, and wakes
// later) may then overlap with another's attempt. Repeating it is fine.
func (l *Ledger) Release(ctx context.Context, batch, key, dead string, silent time.Duration) (Release, error) {
	var answer lifecycle.Released
	var wait time.Duration
	d, err := l.update(ctx, batch, key, Known{}, noEntry, func(s lifecycle.Snapshot) (c lifecycle.Change) {
		answer, wait, c = lifecycle.Release(s, dead, silent)
		return c
	})
	switch {
	case errors.Is(err, errAbsent):
		return Release{Verdict: Absent}, nil
	case err != nil:
		return Release{}, itemError("release", batch, key, err)
	}
	item, err := d.item(batch)
	if err != nil {
		return Release{}, itemError("release", batch, key, err)
	}
	return Release{Verdict: Verdict(answer), Item: item, Wait: wait}, nil
}

// Scripts about workers have a prelude of their own: they change no batch.
var (
	enterScript            = workerScript("enter")
	beatScript             = workerScript("beat")
	declareDeadScript      = workerScript("declaredead")
	leaveScript            = workerScript("leave")
	claimScript            = redis.NewScript(source("claim"))
	removeDeadWorkerScript = workerScript("removedeadworker")
)

func workerScript(name string) *redis.Script {
	return redis.NewScript(source("workers") + "\n" + source(name))
}

// workersPrefix is of all keys about workers, in one Redis Cluster slot.
const (
	workersPrefix = "havip:workers:{workers}:"
	beatsKey      = workersPrefix + "beats"
)

func inflightOf(worker string) string { return workersPrefix + "inflight:" + worker }

func (l *Ledger) runWorker(ctx context.Context, s *redis.Script, worker string, args ...any) (any, error) {
	keys := []string{beatsKey, workersPrefix + "dead", inflightOf(worker), workersPrefix + "pulse", workersPrefix + "lived"}
	argv := append(make([]any, 0, len(args)+2), l.millis(), worker)
	return s.Run(ctx, l.rdb, keys, append(argv, args...)...).Result()
}

func workerError(op, worker string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s worker %q: %w", op, worker, err)
}
