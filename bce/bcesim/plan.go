package bcesim

import (
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// plan is the faults that hit one call.
type plan struct {
	stallBefore, stallAfter, skew time.Duration
	gateBefore, gateAfter         bool
	// outcome is the rule, if any, that decides how the call ends.
	outcome *Rule
	// kinds are all faults that hit, for the log.
	kinds []string
}

func (p plan) kind() FaultKind {
	if p.outcome == nil {
		return ""
	}
	return p.outcome.Kind
}

func (p plan) String() string { return strings.Join(p.kinds, "+") }

// modifiers is kinds without the outcome, for the log.
func (p plan) modifiers() string {
	rest := slices.DeleteFunc(slices.Clone(p.kinds), func(kind string) bool { return !FaultKind(kind).modifier() })
	return strings.Join(rest, "+")
}

// director applies the rules. The caller holds the server's lock.
type director struct {
	seed  uint64
	rules []*ruleState
}

// ruleState is a rule in force and how many calls it has counted and hit.
type ruleState struct {
	Rule
	seen, hits int64
}

func newDirector(faults Faults) *director {
	d := &director{seed: faults.Seed}
	d.add(faults.Rules)
	return d
}

func (d *director) add(rules []Rule) {
	for _, rule := range rules {
		d.rules = append(d.rules, &ruleState{Rule: rule})
	}
}

func (d *director) faults() Faults {
	f := Faults{Seed: d.seed}
	for _, rule := range d.rules {
		f.Rules = append(f.Rules, rule.Rule)
	}
	return f
}

func (d *director) plan(op Operation) plan {
	var p plan
	if op == Unrouted {
		return p
	}
	for i, rule := range d.rules {
		if rule.Operation != AnyOperation && rule.Operation != op {
			continue
		}
		rule.seen++
		taken := !rule.Kind.modifier() && p.outcome != nil
		if taken || !rule.hit(d.seed, i) {
			continue
		}
		rule.hits++
		p.kinds = append(p.kinds, string(rule.Kind))
		switch rule.Kind {
		case FaultStallBefore:
			p.stallBefore += rule.Duration
		case FaultStallAfter:
			p.stallAfter += rule.Duration
		case FaultGateBefore:
			p.gateBefore = true
		case FaultGateAfter:
			p.gateAfter = true
		case FaultSkew:
			p.skew += rule.Duration
		default:
			p.outcome = &rule.Rule
		}
	}
	return p
}

func (r *ruleState) hit(seed uint64, index int) bool {
	switch {
	case r.Number > 0:
		return r.seen == r.Number
	case r.Next > 0:
		return r.hits < r.Next
	case r.Probability > 0:
		return chance(seed, index, r.Operation, r.seen) < r.Probability
	}
	return true
}

// chance returns a number in [0,1) that depends only on its arguments: rules are independent, and
// the same seed gives the same faults at the same calls.
func chance(seed uint64, index int, op Operation, call int64) float64 {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(op))
	stream := hash.Sum64() + uint64(index)                            //nolint:gosec // an index is not negative
	return rand.New(rand.NewPCG(seed^stream, uint64(call))).Float64() //nolint:gosec // calls count from 1
}

// SetFaults replaces the faults; the zero Faults removes them. Calls in progress keep their faults.
// Invalid faults are refused.
func (s *Server) SetFaults(faults Faults) error {
	if err := faults.Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.director = newDirector(faults)
	return nil
}

// AddFaults appends rules to those in force, which keep their counts.
func (s *Server) AddFaults(rules ...Rule) error {
	if err := (Faults{Rules: rules}).Validate(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.director.add(rules)
	return nil
}

// Faults returns the faults in force.
func (s *Server) Faults() Faults {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.director.faults()
}
