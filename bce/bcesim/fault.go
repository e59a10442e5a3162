package bcesim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// FaultKind is a kind of injected fault.
type FaultKind string

// The faults. Those named commit-… carry out the call and then lose its answer, so that the caller
// cannot know what happened. Those of the first group only affect timing and combine with any
// other.
const (
	FaultStallBefore FaultKind = "stall-before"
	FaultStallAfter  FaultKind = "stall-after"
	FaultGateBefore  FaultKind = "gate-before"
	FaultGateAfter   FaultKind = "gate-after"
	FaultSkew        FaultKind = "skew"

	FaultRefuse      FaultKind = "refuse"
	FaultError500    FaultKind = "error-500"
	FaultError503    FaultKind = "error-503"
	FaultHTML502     FaultKind = "html-502"
	Fault429         FaultKind = "429"
	FaultAnswer      FaultKind = "answer"
	FaultFail        FaultKind = "fail"
	FaultCommit500   FaultKind = "commit-500"
	FaultCommit503   FaultKind = "commit-503"
	FaultCommitReset FaultKind = "commit-reset"
	FaultCommitCut   FaultKind = "commit-truncated"
	FaultCommitEmpty FaultKind = "commit-empty"
	FaultCommitBrace FaultKind = "commit-braces"
	FaultCommitHTML  FaultKind = "commit-html-502"
)

// argument is the kind of text after the second colon of a fault's spec.
type argument int

const (
	noArgument argument = iota
	durationRequired
	durationOptional
	statusAndCode
)

// faultKinds describes the faults in the order of the help.
var faultKinds = []struct {
	kind     FaultKind
	argument argument
	help     string
}{
	{FaultError500, noArgument, "500 InternalError; nothing was done"},
	{FaultError503, noArgument, "503 ServiceUnavailable; nothing was done"},
	{FaultHTML502, noArgument, "a gateway's HTML page; nothing was done"},
	{Fault429, durationOptional, "429 RateLimit; DURATION is its Retry-After, none without"},
	{FaultAnswer, statusAndCode, "refuse with STATUS/CODE, such as 403/AccessDenied"},
	{FaultFail, statusAndCode, "fail in the operation itself, so that the refusal is a result of its token"},
	{FaultRefuse, noArgument, "reset the connection without reading the request's body"},
	{FaultCommit500, noArgument, "do it, then answer 500 InternalError"},
	{FaultCommit503, noArgument, "do it, then answer 503 ServiceUnavailable"},
	{FaultCommitReset, noArgument, "do it, then reset the connection"},
	{FaultCommitCut, noArgument, "do it, then end the answer before its Content-Length"},
	{FaultCommitEmpty, noArgument, "do it, then answer 200 without a body"},
	{FaultCommitBrace, noArgument, "do it, then answer 200 with {}"},
	{FaultCommitHTML, noArgument, "do it, then answer with a gateway's 502 HTML page"},
	{FaultStallBefore, durationRequired, "wait DURATION, then do it"},
	{FaultStallAfter, durationRequired, "do it, then wait DURATION before answering"},
	{FaultGateBefore, noArgument, "wait at the gate until " + ControlPrefix + "gate opens it, then do it"},
	{FaultGateAfter, noArgument, "do it, then wait at the gate before answering"},
	{FaultSkew, durationRequired, "check and date the call by a clock DURATION ahead (or behind)"},
}

func (k FaultKind) argument() (argument, bool) {
	for _, known := range faultKinds {
		if known.kind == k {
			return known.argument, true
		}
	}
	return noArgument, false
}

// modifier reports whether the fault combines with others.
func (k FaultKind) modifier() bool {
	switch k {
	case FaultStallBefore, FaultStallAfter, FaultGateBefore, FaultGateAfter, FaultSkew:
		return true
	default:
		return false
	}
}

func (k FaultKind) afterCommit() bool { return strings.HasPrefix(string(k), "commit-") }

// Rule injects a fault into some calls of an operation. At most one of Probability, Number and Next
// selects the calls, which are counted from when the rule is set; all zero selects every call.
type Rule struct {
	// Operation may be [AnyOperation].
	Operation Operation
	Kind      FaultKind
	// Probability hits each call with this chance, between 0 and 1.
	Probability float64
	// Number hits the call with this number, from 1.
	Number int64
	// Next hits the next calls, this many.
	Next int64
	// Duration is the stall, the skew, or the 429's Retry-After (0: none).
	Duration time.Duration
	// Status and Code are for [FaultAnswer] and [FaultFail].
	Status int
	Code   string
}

// Faults are the rules in force. All matching stalls, gates and skews apply to a call, and the first
// matching rule of the others. Whether a probability matches depends only on Seed and the call's
// number.
//
// A commit-… fault has no effect on a call that is refused.
type Faults struct {
	Seed  uint64
	Rules []Rule
}

// Validate returns an error for an invalid rule.
func (f Faults) Validate() error {
	for _, rule := range f.Rules {
		if err := rule.validate(); err != nil {
			return fmt.Errorf("fault %s: %w", rule, err)
		}
	}
	return nil
}

func (r Rule) validate() error {
	argument, known := r.Kind.argument()
	chosen := 0
	for _, set := range []bool{r.Probability != 0, r.Number != 0, r.Next != 0} {
		if set {
			chosen++
		}
	}
	switch {
	case !known:
		return fmt.Errorf("no such fault %q", r.Kind)
	case r.Operation != AnyOperation && !slices.Contains(Operations(), r.Operation):
		return fmt.Errorf("no such operation %q", r.Operation)
	case chosen > 1:
		return errors.New("only one of probability, number and next may be set")
	case !(r.Probability >= 0 && r.Probability <= 1): // also refuses NaN
		return fmt.Errorf("probability %g is not between 0 and 1", r.Probability)
	case r.Number < 0 || r.Next < 0:
		return errors.New("numbers of calls count from 1")
	case argument == statusAndCode && (r.Status < 400 || r.Status > 599 || r.Code == ""):
		return errors.New("want a status from 400 to 599 and a code")
	case argument == durationRequired && r.Duration == 0:
		return errors.New("a duration is required")
	case r.Duration < 0 && r.Kind != FaultSkew:
		return errors.New("the duration must not be negative")
	}
	return nil
}
