package lane

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// InForce is a lane's limit, and what BCE's refusals have made of it.
type InForce struct {
	// Limit is the one that an operator has set, or else the one that all workers were started with, 0 for none. It is nil if
	// there is none, or if the workers differ.
	Limit *float64
	// Creates and Deletions are the rates under that limit; without one, what was learned is shown without it.
	Creates, Deletions Rates
}

// RPS is the rate of creates, 0 for no limit; nil if it is not known.
func (f InForce) RPS() *float64 {
	if f.Creates.Learned != nil {
		return &f.Creates.RPS
	}
	return f.Limit
}

// InForce returns the lane's rates.
func (o *Operator) InForce(ctx context.Context) (f InForce, err error) {
	set, err := o.Limit(ctx)
	if err != nil {
		return f, err
	}
	if set != nil {
		f.Limit = &set.RPS
	} else if f.Limit, err = o.commonLimit(ctx); err != nil {
		return f, err
	}
	configured := 0.0
	if f.Limit != nil {
		configured = *f.Limit
	}
	if f.Creates, err = o.rates(ctx, Creates, set, configured); err != nil {
		return f, err
	}
	f.Deletions, err = o.rates(ctx, Deletions, set, configured)
	return f, err
}

// commonLimit is the limit that all workers were started with; nil if they differ, or there are none.
func (o *Operator) commonLimit(ctx context.Context) (*float64, error) {
	workers, err := o.Configured(ctx)
	if err != nil || len(workers) == 0 || slices.ContainsFunc(workers, func(w Configured) bool { return w.RPS != workers[0].RPS }) {
		return nil, err
	}
	return &workers[0].RPS, nil
}

// Learned is what BCE's refusals for throttling have taught about a lane's rate.
type Learned struct {
	// Since is when BCE first refused a request, and At when the rate was lowered last.
	Since, At     time.Time
	Code, Message string
}

// Rates are the rates of one kind of requests of a lane, in requests a second.
type Rates struct {
	// RPS is the rate at which requests are sent at most; 0 means no limit.
	RPS float64
	// Used is the rate of the last seconds. It is not counted for a lane without a limit, of which BCE has refused nothing.
	Used float64
	// Learned is nil unless RPS is lower than the limit because BCE has refused requests.
	Learned *Learned
}

// rates returns the lane's rates for an operation, where configured is the limit that workers were started with.
func (o *Operator) rates(ctx context.Context, operation Operation, set *Limit, configured float64) (Rates, error) {
	answer, err := replyOf(runRate(ctx, o.rdb, ratesScript, o.lane, o.now, operation, set, configured), 3)
	if err != nil {
		return Rates{}, fmt.Errorf("rate of lane %s: %w", o.lane, err)
	}
	return ratesOf(answer)
}

func ratesOf(answer reply) (r Rates, err error) {
	if text := answer.text(0); text != "" {
		if r.RPS, err = strconv.ParseFloat(text, 64); err != nil {
			return r, err
		}
	}
	if r.Used, err = strconv.ParseFloat(answer.text(2), 64); err != nil {
		return r, err
	}
	if answer.text(1) == "" {
		return r, nil
	}
	var w struct {
		At      float64 `json:"at"`
		Since   float64 `json:"since"`
		Code    string  `json:"code"`
		Message string  `json:"message"`
	}
	if err := json.Unmarshal([]byte(answer.text(1)), &w); err != nil {
		return r, fmt.Errorf("decode learned rate: %w", err)
	}
	r.Learned = &Learned{Since: moment(int64(w.Since)), At: moment(int64(w.At)), Code: w.Code, Message: w.Message}
	return r, nil
}
