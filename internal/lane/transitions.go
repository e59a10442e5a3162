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
)

// Fault is an answer that is not about the item: what it holds, and BCE's words.
type Fault struct {
	Target        Target
	Code, Message string
}

// Change is what the outcome of a request did to the lane's holds, for logs and events.
type Change struct {
	// Opened and Extended are by this request alone: a fault that many requests met at once
	// is reported by one of them.
	Opened, Extended, Cleared []Suspension
}

// Trip opens the holds of a fault, or, when the request was their probe, extends them. Faults
// of requests that were in flight together count once, as does a fault reported twice.
func (b *Breaker) Trip(ctx context.Context, a Admission, f Fault) (Change, error) {
	var change Change
	defer b.view.forget(false) // also when the reply is lost
	spread := strconv.FormatFloat(1-jitter.Below(time.Second).Seconds()/5, 'f', 4, 64)
	for _, target := range f.Target.each() {
		if target == TargetSubnet && a.subnetID == "" {
			return change, fmt.Errorf("hold a subnet of lane %s: the request was for none", b.lane)
		}
		if err := b.trip(ctx, a, target, f, spread, &change); err != nil {
			return change, fmt.Errorf("hold %s of lane %s: %w", target, b.lane, err)
		}
	}
	// A probe of two holds may have failed for one; of the other it proved nothing.
	return change, b.release(ctx, a)
}

func (b *Breaker) trip(ctx context.Context, a Admission, target Target, f Fault, jitter string, change *Change) error {
	subnetID := ""
	if target == TargetSubnet {
		subnetID = a.subnetID
	}
	answer, err := replyOf(b.run(ctx, tripScript, a.ticket, a.epoch, target.field(subnetID),
		string(target), subnetID, f.Code, bounded(f.Message),
		millis(BackOffFirst), millis(BackOffCap), jitter), 2)
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

// Clear ends the lane's hold and that of the request's subnet: it was answered well. It costs
// nothing unless the request was a probe, for whatever is held by now opened after any other
// was admitted, and is not disproved by it.
func (b *Breaker) Clear(ctx context.Context, a Admission) ([]Suspension, error) {
	return b.clear(ctx, a, fieldsOf(a.subnetID))
}

// ClearLane ends the lane's hold alone: the request was answered, with a fault of its subnet.
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

// Release gives a probe's permission back: its request was not sent, or proved nothing. For
// other requests it does nothing and costs nothing.
func (b *Breaker) Release(ctx context.Context, a Admission) error {
	if !a.Probe {
		return nil
	}
	defer b.view.forget(a.eager)
	return b.release(ctx, a)
}

// release gives back what the request still has permission to probe.
func (b *Breaker) release(ctx context.Context, a Admission) error {
	if !a.Probe {
		return nil
	}
	args := withFields([]any{a.ticket, millis(neutralPause)}, fieldsOf(a.subnetID))
	if err := b.run(ctx, releaseScript, args...).Err(); err != nil {
		return fmt.Errorf("release probe of lane %s: %w", b.lane, err)
	}
	return nil
}

// ProbeNow makes the lane's holds due, for a worker that starts: whoever mended the fault and
// restarted must not wait for the back-off. How long and how often a hold failed is kept.
//
// Besides, this process's next request need not find a hold due. In a fleet that is restarted
// one by one, a worker with the old key could otherwise use up the probe that the worker with
// the new key asked for, and have it wait for minutes.
func (b *Breaker) ProbeNow(ctx context.Context) error {
	b.view.forget(true)
	if err := b.run(ctx, probeNowScript).Err(); err != nil {
		return fmt.Errorf("probe lane %s: %w", b.lane, err)
	}
	return nil
}

// Suspensions lists what is held, the lane first and then the subnets by ID.
func (b *Breaker) Suspensions(ctx context.Context) ([]Suspension, error) {
	fields, err := b.rdb.HGetAll(ctx, keysOf(b.lane).holds).Result()
	if err != nil {
		return nil, fmt.Errorf("holds of lane %s: %w", b.lane, err)
	}
	var suspensions []Suspension
	for field, text := range fields {
		if field != string(TargetLane) && !strings.HasPrefix(field, subnetField) {
			continue
		}
		suspension, err := decodeSuspension(text)
		if err != nil {
			return nil, fmt.Errorf("holds of lane %s: %w", b.lane, err)
		}
		suspensions = append(suspensions, suspension)
	}
	slices.SortFunc(suspensions, func(x, y Suspension) int { return cmp.Compare(x.SubnetID, y.SubnetID) })
	return suspensions, nil
}

func bounded(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage], "") + "…"
}
