package lane

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Suspension says why requests of a lane or subnet wait, and when one of them probes. It remains in Redis, even
// without workers, until a request succeeds; or, if an operator paused the lane, until an operator resumes it.
type Suspension struct {
	// Target is [TargetLane], [TargetSubnet] or [TargetDeletions]; SubnetID is set for a subnet.
	Target   Target
	SubnetID string
	// Code and Message are those of BCE's latest refusal; for a pause, Message is the reason that By gave.
	Code, Message string
	// Quota is whether BCE's reason is a used-up quota, which deletions do not need.
	Quota bool
	// By is who paused the lane; "" if the breaker suspended it.
	By string
	// Since is when the suspension began, by Redis's clock.
	Since time.Time
	// Failures counts the request that opened the suspension and the probes that failed since.
	Failures int
	// ProbeAt is when the next probe may be sent; zero for a pause, which is not probed. It may be long past if no
	// worker has a request to send.
	ProbeAt time.Time
	// ProbingUntil is set while a probe is in flight: no other probe is sent until then.
	ProbingUntil time.Time
}

// Concerns reports whether a request of the lane waits for the end of the suspension: a deletion, or the create of a HaVIP in this
// subnet.
func (h Suspension) Concerns(subnetID string, deletion bool) bool {
	switch h.Target {
	case TargetSubnet:
		return !deletion && h.SubnetID == subnetID
	case TargetDeletions:
		return deletion
	default:
		return !deletion || !h.Quota
	}
}

// String returns one line that says what is suspended and why.
func (h Suspension) String() string {
	if h.By != "" {
		return strings.TrimSuffix(fmt.Sprintf("lane paused since %s by %s: %s", h.Since.UTC().Format(time.RFC3339), h.By, h.Message), ": ")
	}
	what := string(h.Target)
	if h.Target == TargetSubnet {
		what += " " + h.SubnetID
	}
	return fmt.Sprintf("%s suspended since %s: %s: %s", what, h.Since.UTC().Format(time.RFC3339), h.Code, h.Message)
}

// wireSuspension is a suspension as the scripts store it; see lua/prelude.lua.
type wireSuspension struct {
	Target     Target `json:"target"`
	SubnetID   string `json:"subnetId"`
	Code       string `json:"code"`
	Message    string `json:"message"`
	Quota      bool   `json:"quota"`
	By         string `json:"by"`
	Since      int64  `json:"since"`
	Failures   int    `json:"failures"`
	ProbeAt    int64  `json:"probeAt"`
	ProbeUntil int64  `json:"probeUntil"`
}

func decodeSuspension(text string) (Suspension, error) {
	var w wireSuspension
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		return Suspension{}, fmt.Errorf("decode suspension: %w", err)
	}
	h := Suspension{
		Target: w.Target, SubnetID: w.SubnetID, Code: w.Code, Message: w.Message, Quota: w.Quota, By: w.By,
		Since: moment(w.Since), Failures: w.Failures, ProbeAt: moment(w.ProbeAt), ProbingUntil: moment(w.ProbeUntil),
	}
	return h, nil
}

// moment converts Unix milliseconds to a time; 0 is the zero time.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// SuspendedError reports that a request was not admitted, for which suspension, and for how long.
type SuspendedError struct {
	Suspension Suspension
	// RetryAfter is the minimum remaining time of the suspension. All items of the suspension get about the same
	// value: add jitter.
	RetryAfter time.Duration
	// cause is set if the caller's context ended the wait.
	cause error
}

func (e *SuspendedError) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %v", e.Suspension, e.cause)
	}
	return e.Suspension.String()
}

// Unwrap returns why the wait for a suspended lane ended; nil for a suspended subnet, for which requests do not wait.
func (e *SuspendedError) Unwrap() error { return e.cause }
