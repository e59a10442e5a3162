//go:build unix

package main

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"havip/bce/bcesim"
)

var terms = Terms{Duration: 3 * time.Minute, Workers: 3, Batches: 4, Jump: 25 * time.Hour}

func TestDrawIsOfItsSeed(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(Draw(7, terms), Draw(7, terms)); diff != "" {
		t.Errorf("one seed, two schedules:\n%s", diff)
	}
	if cmp.Equal(Draw(7, terms), Draw(8, terms)) {
		t.Error("two seeds, one schedule")
	}
}

// TestDraw: in order, in time, to somebody who exists, with an end, one thing at a time to each.
func TestDraw(t *testing.T) {
	t.Parallel()
	for seed := range uint64(50) {
		busy := map[string]time.Duration{}
		last := time.Duration(0)
		seen := map[Kind]bool{}
		for _, e := range Draw(seed, terms) {
			seen[e.Kind] = true
			limit := terms.Workers
			if strings.HasSuffix(string(e.Kind), "apply") {
				limit = terms.Batches
			}
			if e.At < last || e.At > terms.Duration || e.Target >= limit || e.Target < producers {
				t.Fatalf("seed %d: at %s after %s: %s", seed, e.At, last, e)
			}
			if e.Target == producers && e.subject() != "redis link -1" {
				t.Fatalf("seed %d: producers are told to %s", seed, e)
			}
			if until := busy[e.subject()]; e.subject() != "any number" && e.At < until {
				t.Fatalf("seed %d: %s comes at %s, before the last is over at %s", seed, e, e.At, until)
			}
			last, busy[e.subject()] = e.At, e.At+e.For
			if (e.Kind == StallCloud || e.Kind == StallRedis) && e.Direction == 0 {
				t.Fatalf("seed %d: %s stalls nothing", seed, e)
			}
		}
		if !seen[Jump] || !seen[SetFaults] || !seen[KillApply] || len(seen) < len(recipes)-3 {
			t.Errorf("seed %d has only %v", seed, seen)
		}
	}
}

// TestEveryKindIsDrawn over some seeds, and jumps only when asked for.
func TestEveryKindIsDrawn(t *testing.T) {
	t.Parallel()
	seen := map[Kind]bool{}
	for seed := range uint64(20) {
		for _, e := range Draw(seed, Terms{Duration: time.Minute, Workers: 2, Batches: 2}) {
			seen[e.Kind] = true
		}
	}
	for _, r := range recipes {
		if !seen[r.kind] {
			t.Errorf("%s is never drawn", r.kind)
		}
	}
	if seen[Jump] {
		t.Error("the clock jumps unasked")
	}
}

// TestDrawOfAReplicatedRedis: masters die in every run, and no link is touched that no client uses.
func TestDrawOfAReplicatedRedis(t *testing.T) {
	t.Parallel()
	replicated := terms
	replicated.Replicated = true
	for seed := range uint64(20) {
		kills := 0
		for _, e := range Draw(seed, replicated) {
			if strings.HasPrefix(e.subject(), redisLink) {
				t.Fatalf("seed %d: %s", seed, e)
			}
			if e.Kind == KillRedis {
				kills++
			}
			if e.Target < 0 {
				t.Fatalf("seed %d: nobody is the target of %s", seed, e)
			}
		}
		if kills < 3 {
			t.Errorf("seed %d kills %d masters in %s", seed, kills, terms.Duration)
		}
	}
}

// TestDrawOnlyRedis: nothing else fails, and Redis still does.
func TestDrawOnlyRedis(t *testing.T) {
	t.Parallel()
	for _, replicated := range []bool{false, true} {
		only := Terms{Duration: terms.Duration, Workers: 3, Batches: 4, OnlyRedis: true, Replicated: replicated}
		kinds := map[Kind]int{}
		for _, e := range Draw(1, only) {
			kinds[e.Kind]++
		}
		for kind := range kinds {
			if !slices.Contains([]Kind{Apply, KillRedis, EndRedis, StopRedis}, kind) {
				t.Errorf("%s does not fail Redis", kind)
			}
		}
		if kinds[KillRedis] < 3 {
			t.Errorf("only %v", kinds)
		}
	}
}

// TestEveryBatchIsPutIn early enough for things to happen to it.
func TestEveryBatchIsPutIn(t *testing.T) {
	t.Parallel()
	first := map[int]time.Duration{}
	for _, e := range Draw(3, terms) {
		if _, seen := first[e.Target]; !seen && strings.HasSuffix(string(e.Kind), "apply") {
			first[e.Target] = e.At
		}
	}
	for batch := range terms.Batches {
		if at, put := first[batch]; !put || at > terms.Duration/2 {
			t.Errorf("batch %d is first put in at %s: %t", batch, at, put)
		}
	}
}

// TestPhases: the simulator understands each, and a run has each of its faults at 25 %, but for the gate,
// which a test opens.
func TestPhases(t *testing.T) {
	t.Parallel()
	known := listedFaults(t)
	for _, duration := range []time.Duration{10 * time.Second, time.Minute, 10 * time.Minute} {
		specs, length := phases(rand.New(rand.NewPCG(1, 1)), duration)
		if length > phaseLength || time.Duration(len(specs))*length < duration {
			t.Errorf("%d phases of %s in %s", len(specs), length, duration)
		}
		missing := slices.Clone(known)
		for _, spec := range specs {
			faults, err := bcesim.ParseFaults(spec)
			if err != nil {
				t.Fatal(err)
			}
			for _, rule := range faults.Rules {
				missing = slices.DeleteFunc(missing, func(kind string) bool { return kind == string(rule.Kind) })
				if rule.Probability != faultChance {
					t.Errorf("%s is not at %g", rule, faultChance)
				}
			}
		}
		if len(missing) > 0 {
			t.Errorf("a run of %s has no %v", duration, missing)
		}
	}
}

// listedFaults reads the simulator's own list, so that a new fault is missed here.
func listedFaults(t *testing.T) []string {
	t.Helper()
	_, list, found := strings.Cut(bcesim.FaultHelp(), "Faults:\n")
	if !found {
		t.Fatal("the simulator lists no faults")
	}
	var kinds []string
	for line := range strings.Lines(list) {
		kind, _, _ := strings.Cut(strings.Fields(line)[0], ":")
		kind, _, _ = strings.Cut(kind, "[")
		if !strings.HasPrefix(kind, "gate-") {
			kinds = append(kinds, kind)
		}
	}
	if len(kinds) < 16 {
		t.Fatalf("only %v", kinds)
	}
	return kinds
}
