//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// faultChance is how often each fault of a phase hits.
const faultChance = 0.25

// RefusedCode is the code of refusals that the suite has the simulator give. An item may end as
// rejected by it, and by nothing else, if nothing was created for it.
const RefusedCode = "ChaosRefusal"

// The faults of the simulator, by what they do. A phase has one of each list in force, so that a
// call is still answered more often than not: were all in force at once, two calls in a hundred
// would be, and the items would spend the run in their delays.
var (
	lost = []string{
		"commit-500", "commit-503", "commit-reset", "commit-truncated", "commit-empty", "commit-braces", "commit-html-502",
	}
	away   = []string{"error-500", "error-503", "html-502", "refuse", "429", "answer", "fail"}
	answer = []string{"400/" + RefusedCode, "400/SubnetHasNoMoreIpException", "403/AccessDenied", "408/RequestTimeout"}
	// Where refusals are replayed, these are what a token is left with.
	fail = []string{"403/NeverSeenBefore", "400/" + RefusedCode, "500/InternalError"}
	// Longer than a worker waits for an answer, too: its request is carried out when it has gone.
	stalls = []string{"100ms", "1s", "17s"}
	// The first is refused as expired. None dates a HaVIP by more than half an hour into the past,
	// which a lookup would rightly show to a person.
	skews = []string{"45m", "-20m"}
	// retryAfters go with 429; "" sends none.
	retryAfters = []string{"", "2s"}
)

// phaseLength is how long the faults stay the same, unless the run is too short to have each.
const phaseLength = 15 * time.Second

// phases returns the faults of each phase of a run, and how long a phase is. Every fault is in
// force at least once.
func phases(chance *rand.Rand, duration time.Duration) (specs []string, length time.Duration) {
	length = min(phaseLength, duration/time.Duration(len(lost)))
	first, ahead := chance.IntN(len(away)*len(answer)*len(fail)), chance.IntN(len(lost))
	for i := range int(duration/length) + 1 {
		specs = append(specs, phase(chance.Uint64N(1<<32), first+i, ahead))
	}
	return specs, length
}

// phase is the faults of the n-th phase. The two longest lists are of one length: how far ahead the
// one is of the other tells what goes together in a run.
func phase(seed uint64, n, ahead int) string {
	turnedAway := "*:" + away[n%len(away)] + fmt.Sprintf("=%g", faultChance)
	switch away[n%len(away)] {
	case "answer":
		// To creates only: a refusal of another operation says nothing about an item.
		turnedAway = fmt.Sprintf("create:answer=%g:%s", faultChance, answer[n/len(away)%len(answer)])
	case "fail":
		turnedAway = fmt.Sprintf("create:fail=%g:%s", faultChance, fail[n/len(away)%len(fail)])
	case "429":
		if after := retryAfters[n/len(away)%len(retryAfters)]; after != "" {
			turnedAway += ":" + after
		}
	}
	rules := []string{
		fmt.Sprintf("seed=%d", seed),
		fmt.Sprintf("*:%s=%g", lost[(n+ahead)%len(lost)], faultChance),
		turnedAway,
		fmt.Sprintf("*:stall-before=%g:%s", faultChance, stalls[n%len(stalls)]),
		fmt.Sprintf("*:stall-after=%g:%s", faultChance, stalls[(n+1)%len(stalls)]),
		fmt.Sprintf("create:skew=%g:%s", faultChance, skews[n%len(skews)]),
	}
	return strings.Join(rules, ",")
}
