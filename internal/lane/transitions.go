package lane

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"havip/internal/jitter"
	"havip/tasks"
)

// Fault is an answer that is not about the item: the target that it suspends, and BCE's code and message.
type Fault struct {
	Target        Target
	Code, Message string
}

// Change says how the result of a request changed the lane's suspensions or rate, for logs and events.
type Change struct {
	// Opened and Extended were changed by this request alone: if many requests meet a fault at once, one of them
	// reports it.
	Opened, Extended, Cleared []Suspension
	// Lowered is set if the request, which BCE throttled, lowered the rate of all workers.
	Lowered *Lowered
}

// Trip opens the suspensions of a fault or, if the request was their probe, extends them. Faults of requests that
// were in flight together count once, and so does a fault that is reported twice.
func (b *Breaker) Trip(ctx context.Context, a Admission, f Fault) (Change, error) {
	var change Change
	defer b.view.forget(false) // even if the reply is lost
	spread := strconv.FormatFloat(1-jitter.Below(time.Second).Seconds()/5, 'f', 4, 64)
	for _, target := range f.Target.each(a.part) {
		if target == TargetSubnet && a.part == "" {
			return change, fmt.Errorf("suspend a subnet of lane %s: the request has no subnet", b.lane)
		}
		if err := b.trip(ctx, a, target, f, spread, &change); err != nil {
			return change, fmt.Errorf("suspend %s of lane %s: %w", target, b.lane, err)
		}
	}
	// A probe of two suspensions may have failed for one; it proved nothing about the other.
	return change, b.release(ctx, a)
}

func (b *Breaker) trip(ctx context.Context, a Admission, target Target, f Fault, jitter string, change *Change) error {
	subnetID := ""
	if target == TargetSubnet {
		subnetID = a.part.subnetID()
	}
	answer, err := replyOf(b.run(ctx, tripScript, a.ticket, a.epoch, target.field(a.part),
		string(target), subnetID, f.Code, bounded(f.Message),
		millis(BackOffFirst), millis(BackOffCap), jitter, flag(tasks.IsQuota(f.Code))), 2)
	if err != nil {
		return err
	}
	verdict := answer.text(0)
	if verdict != "opened" && verdict != "extended" {
		return nil
	}
	suspension, err := decodeSuspension(answer.text(1))
	if err != nil {
		return err
	}
	if verdict == "opened" {
		change.Opened = append(change.Opened, suspension)
	} else {
		change.Extended = append(change.Extended, suspension)
	}
	return nil
}

// flag is a boolean argument of a script.
func flag(is bool) string {
	if is {
		return "1"
	}
	return "0"
}

// Clear ends the suspensions of the lane and of the request's subnet, because the request succeeded. It costs nothing
// unless the request was a probe: a suspension that exists now opened after any other request was admitted, so that
// such a request proves nothing about it.
func (b *Breaker) Clear(ctx context.Context, a Admission) ([]Suspension, error) {
	return b.clear(ctx, a, a.fields())
}

// ClearLane ends only the lane's suspension: the request was answered with a fault of its subnet.
func (b *Breaker) ClearLane(ctx context.Context, a Admission) ([]Suspension, error) {
	return b.clear(ctx, a, fieldsOf(""))
}

func (b *Breaker) clear(ctx context.Context, a Admission, fields []string) ([]Suspension, error) {
	if !a.Probe {
		return nil, nil
	}
	defer b.view.forget(false)
	texts, err := b.run(ctx, clearScript, withFields([]any{a.ticket, a.epoch}, fields)...).StringSlice()
	if err != nil {
		return nil, fmt.Errorf("clear lane %s: %w", b.lane, err)
	}
	ended := make([]Suspension, len(texts))
	for i, text := range texts {
		if ended[i], err = decodeSuspension(text); err != nil {
			return nil, err
		}
	}
	return ended, nil
}

// Release returns a probe's permission, because its request was not sent or proved nothing. For other requests it does
// nothing and costs nothing.
func (b *Breaker) Release(ctx context.Context, a Admission) error {
	if !a.Probe {
		return nil
	}
	defer b.view.forget(a.eager)
	return b.release(ctx, a)
}

// release returns the permissions to probe that the request still has.
func (b *Breaker) release(ctx context.Context, a Admission) error {
	if !a.Probe {
		return nil
	}
	args := withFields([]any{a.ticket, millis(neutralPause)}, a.fields())
	if err := b.run(ctx, releaseScript, args...).Err(); err != nil {
		return fmt.Errorf("release probe of lane %s: %w", b.lane, err)
	}
	return nil
}

// ProbeNow makes the lane's suspensions due, for a worker that starts: after a fix and a restart, no one must wait for
// the back-off. The start and the number of failures of a suspension are kept.
//
// The next request of this process may also probe a suspension that is not due. Otherwise, in a rolling restart, a
// worker with the old key could use up the probe that a worker with the new key asked for, and delay it by minutes.
func (b *Breaker) ProbeNow(ctx context.Context) error {
	b.view.forget(true)
	if err := b.run(ctx, probeNowScript).Err(); err != nil {
		return fmt.Errorf("probe lane %s: %w", b.lane, err)
	}
	return nil
}

// Suspensions returns all suspensions: the lane's, that of its deletions, and those of subnets, by ID.
func (b *Breaker) Suspensions(ctx context.Context) ([]Suspension, error) {
	fields, err := b.rdb.HGetAll(ctx, keysOf(b.lane).suspensions).Result()
	if err != nil {
		return nil, fmt.Errorf("suspensions of lane %s: %w", b.lane, err)
	}
	var suspensions []Suspension
	for field, text := range fields {
		if field != string(TargetLane) && field != string(TargetDeletions) && !strings.HasPrefix(field, subnetField) {
			continue
		}
		suspension, err := decodeSuspension(text)
		if err != nil {
			return nil, fmt.Errorf("suspensions of lane %s: %w", b.lane, err)
		}
		suspensions = append(suspensions, suspension)
	}
	slices.SortFunc(suspensions, func(x, y Suspension) int {
		return cmp.Or(cmp.Compare(x.SubnetID, y.SubnetID), cmp.Compare(y.Target, x.Target))
	})
	return suspensions, nil
}

func bounded(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage], "") + "…"
}
