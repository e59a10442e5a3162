package lane

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// laneIndex lists every lane that an operator has paused or limited: a lane may be paused before its queue exists.
const laneIndex = "havip:lanes"

// Operator runs an operator's commands on a lane. A setting applies to all workers at once, survives them, and remains
// until it is removed. Every command is one atomic script that is safe to repeat if its reply was lost, and is recorded
// in the lane's log. It is safe for concurrent use.
type Operator struct {
	rdb  redis.Cmdable
	lane string
	// now is nil for Redis's own clock; tests set their own.
	now func() time.Time
}

// Tags returns the hash tags of the keys that store the commands on a lane.
func Tags(lane string) []string { return []string{lane, laneIndex} }

// NewOperator returns the operator of the named lane (account/region). It does no I/O.
func NewOperator(rdb redis.Cmdable, lane string) *Operator {
	return &Operator{rdb: rdb, lane: lane}
}

// Act says who runs a command, and why; By is required.
type Act struct{ By, Reason string }

// Pause pauses the lane until [Operator.Resume]: requests that are already admitted are sent, and no others are admitted.
// It returns the current pause and whether this call created it: a paused lane remains unchanged.
func (o *Operator) Pause(ctx context.Context, act Act) (Suspension, bool, error) {
	changed, text, err := o.act(ctx, pauseScript, act)
	if err != nil {
		return Suspension{}, false, fmt.Errorf("pause lane %s: %w", o.lane, err)
	}
	suspension, err := decodeSuspension(text)
	return suspension, changed, err
}

// Resume ends a pause and reports whether there was one.
func (o *Operator) Resume(ctx context.Context, act Act) (bool, error) {
	changed, _, err := o.act(ctx, resumeScript, act)
	if err != nil {
		return false, fmt.Errorf("resume lane %s: %w", o.lane, err)
	}
	return changed, nil
}

// Paused returns the lane's pause, or nil.
func (o *Operator) Paused(ctx context.Context) (*Suspension, error) {
	text, err := o.rdb.HGet(ctx, keysOf(o.lane).operator, "pause").Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("pause of lane %s: %w", o.lane, err)
	}
	suspension, err := decodeSuspension(text)
	if err != nil {
		return nil, fmt.Errorf("pause of lane %s: %w", o.lane, err)
	}
	return &suspension, nil
}

// Limit is the rate that an operator set for a lane.
type Limit struct {
	// RPS is in requests a second over all workers; 0 means no limit.
	RPS        float64
	By, Reason string
	Since      time.Time
	// bucket distinguishes the budgets of different rates.
	bucket int64
}

// MinRPS is the minimum rate, besides 0 for no limit.
const MinRPS = 0.001

// CheckRPS refuses a rate that cannot be set.
func CheckRPS(rps float64) error {
	if rps != 0 && (!(rps >= MinRPS) || math.IsInf(rps, 1)) {
		return fmt.Errorf("must be 0 for no limit, or at least %g", MinRPS)
	}
	return nil
}

// SetLimit sets the lane's rate for all workers, overriding the rate that each worker was started with.
func (o *Operator) SetLimit(ctx context.Context, rps float64, act Act) (Limit, error) {
	_, text, err := o.act(ctx, limitScript, act, strconv.FormatFloat(rps, 'f', -1, 64))
	if err != nil {
		return Limit{}, fmt.Errorf("limit lane %s: %w", o.lane, err)
	}
	return decodeLimit(text)
}

// UnsetLimit restores the rate that each worker was started with and reports whether another rate was set.
func (o *Operator) UnsetLimit(ctx context.Context, act Act) (bool, error) {
	changed, _, err := o.act(ctx, limitScript, act, "")
	if err != nil {
		return false, fmt.Errorf("unset limit of lane %s: %w", o.lane, err)
	}
	return changed, nil
}

// Limit returns the rate that is set for the lane, or nil.
func (o *Operator) Limit(ctx context.Context) (*Limit, error) {
	limit, err := readLimit(o.rdb.HGet(ctx, keysOf(o.lane).operator, "limit"))
	if err != nil {
		return nil, fmt.Errorf("limit of lane %s: %w", o.lane, err)
	}
	return limit, nil
}

// readLimit returns the limit in Redis's answer, or nil.
func readLimit(answer *redis.StringCmd) (*Limit, error) {
	text, err := answer.Result()
	if errors.Is(err, redis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	limit, err := decodeLimit(text)
	return &limit, err
}

func decodeLimit(text string) (Limit, error) {
	var w struct {
		RPS     string `json:"rps"`
		By      string `json:"by"`
		Message string `json:"message"`
		Since   int64  `json:"since"`
		Bucket  int64  `json:"bucket"`
	}
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		return Limit{}, fmt.Errorf("decode limit: %w", err)
	}
	rps, err := strconv.ParseFloat(w.RPS, 64)
	if err != nil {
		return Limit{}, fmt.Errorf("decode limit: %w", err)
	}
	return Limit{RPS: rps, By: w.By, Reason: w.Message, Since: moment(w.Since), bucket: w.Bucket}, nil
}

// KnownLanes lists the lanes that an operator has ever paused or limited, by name.
func KnownLanes(ctx context.Context, rdb redis.Cmdable) ([]string, error) {
	lanes, err := rdb.SMembers(ctx, laneIndex).Result()
	if err != nil {
		return nil, fmt.Errorf("lanes: %w", err)
	}
	slices.Sort(lanes)
	return lanes, nil
}

// act runs one command's script. It lists the lane first, so that an unlisted lane never has a setting.
func (o *Operator) act(ctx context.Context, s *redis.Script, act Act, args ...any) (changed bool, standing string, err error) {
	if err := o.rdb.SAdd(ctx, laneIndex, o.lane).Err(); err != nil {
		return false, "", err
	}
	ticket := strconv.FormatUint(rand.Uint64(), 36)
	argv := append([]any{ticket, act.By, bounded(act.Reason)}, args...)
	answer, err := replyOf(run(ctx, o.rdb, s, o.lane, o.now, argv...), 2)
	if err != nil {
		return false, "", err
	}
	return answer.number(0) == 1, answer.text(1), nil
}

// The scripts of acts have another shared part after the prelude.
var (
	pauseScript  = operatorScript("pause")
	resumeScript = operatorScript("resume")
	limitScript  = operatorScript("limit")
)

func operatorScript(name string) *redis.Script {
	return redis.NewScript(source("prelude") + "\n" + source("operator") + "\n" + source(name))
}
