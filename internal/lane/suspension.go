package lane

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"havip/tasks"
)

// Suspension is why requests wait, and when one of them tries again. It stands in Redis until a
// request is answered well, whatever becomes of the workers; or, if a person paused the lane, until
// a person resumes it.
type Suspension struct {
	// Target is [TargetLane] or [TargetSubnet]; SubnetID is set for a subnet.
	Target   Target
	SubnetID string
	// Code and Message are BCE's words in the latest refusal, or Message is why By paused the lane.
	Code, Message string
	// By is who paused the lane; "" for what a request's fault holds back.
	By string
	// Since is when the hold opened, by the clock of Redis.
	Since time.Time
	// Failures counts the request that opened the hold and the probes that failed since.
	Failures int
	// ProbeAt is from when on one request may try; zero for a pause, which nobody tries. It may be
	// long past, when nobody has anything to send.
	ProbeAt time.Time
	// ProbingUntil is set while a request tries: until then nobody else does.
	ProbingUntil time.Time
}

// isForQuota reports whether a used-up quota is the reason, and not a person.
func (h Suspension) isForQuota() bool { return h.By == "" && tasks.IsQuota(h.Code) }

// String names what is held and why, on one line.
func (h Suspension) String() string {
	if h.By != "" {
		return strings.TrimSuffix(fmt.Sprintf("lane paused since %s by %s: %s", h.Since.UTC().Format(time.RFC3339), h.By, h.Message), ": ")
	}
	what := string(h.Target)
	if h.Target == TargetSubnet {
		what += " " + h.SubnetID
	}
	return fmt.Sprintf("%s held since %s: %s: %s", what, h.Since.UTC().Format(time.RFC3339), h.Code, h.Message)
}

// wireSuspension is a hold as the scripts keep it; see lua/prelude.lua.
type wireSuspension struct {
	Target     Target `json:"target"`
	SubnetID   string `json:"subnetId"`
	Code       string `json:"code"`
	Message    string `json:"message"`
	By         string `json:"by"`
	Since      int64  `json:"since"`
	Failures   int    `json:"failures"`
	ProbeAt    int64  `json:"probeAt"`
	ProbeUntil int64  `json:"probeUntil"`
}

func decodeSuspension(text string) (Suspension, error) {
	var w wireSuspension
	if err := json.Unmarshal([]byte(text), &w); err != nil {
		return Suspension{}, fmt.Errorf("decode hold: %w", err)
	}
	h := Suspension{
		Target: w.Target, SubnetID: w.SubnetID, Code: w.Code, Message: w.Message, By: w.By,
		Since: moment(w.Since), Failures: w.Failures, ProbeAt: moment(w.ProbeAt), ProbingUntil: moment(w.ProbeUntil),
	}
	return h, nil
}

// moment is a time in Unix milliseconds, of which 0 is none.
func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// SuspendedError says that a request was not let through, because of what, and for how long.
type SuspendedError struct {
	Suspension Suspension
	// RetryAfter is how long the hold lasts at least. Every item that the hold puts aside is
	// told much the same time: spread them.
	RetryAfter time.Duration
	// cause is set when the caller's context ended the wait.
	cause error
}

func (e *SuspendedError) Error() string {
	if e.cause != nil {
		return fmt.Sprintf("%s: %v", e.Suspension, e.cause)
	}
	return e.Suspension.String()
}

// Unwrap returns why the wait for a held lane ended; nil for a held subnet, which nobody waits for.
func (e *SuspendedError) Unwrap() error { return e.cause }
