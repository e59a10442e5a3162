package lab

import (
	"context"
	"time"
)

// Worked is what a worker took for its items: time and seconds of CPU from the first create until await returned, the part of that time that
// was after the last create, and its peak of memory in MiB.
type Worked struct {
	Time, Tail time.Duration
	CPU, Peak  float64
}

// Measure measures a worker from the first create that reaches BCE until await returns.
func (p *Process) Measure(ctx context.Context, bce *BCE, await func() error) (w Worked, err error) {
	if err := bce.AwaitFirst(ctx); err != nil {
		return w, err
	}
	began := time.Now()
	idle, err := p.CPU()
	if err != nil {
		return w, err
	}
	if err := await(); err != nil {
		return w, err
	}
	ended := time.Now()
	busy, err := p.CPU()
	if err != nil {
		return w, err
	}
	last, err := bce.Last(ctx)
	w.Time, w.Tail = ended.Sub(began), ended.Round(0).Sub(last)
	w.CPU, w.Peak = busy-idle, p.Peak()
	return w, err
}
