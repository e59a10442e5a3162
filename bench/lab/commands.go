package lab

import (
	"context"
	"strconv"
	"strings"
)

// Commands is what Redis did: how many commands, those inside scripts included, and how long they took.
type Commands struct{ Calls, Micros float64 }

// notCounted are the commands of looking.
var notCounted = map[string]bool{"info": true, "config|resetstat": true}

// Commands counts what Redis does while something runs.
func (r *Redis) Commands(ctx context.Context, run func() error) (Commands, error) {
	if err := r.client.ConfigResetStat(ctx).Err(); err != nil {
		return Commands{}, err
	}
	if err := run(); err != nil {
		return Commands{}, err
	}
	text, err := r.client.Info(ctx, "commandstats").Result()
	var sum Commands
	for line := range strings.Lines(text) {
		name, facts, found := strings.Cut(strings.TrimSpace(line), ":")
		if !found || notCounted[strings.TrimPrefix(name, "cmdstat_")] {
			continue
		}
		sum.Calls += fact(facts, "calls")
		sum.Micros += fact(facts, "usec")
	}
	return sum, err
}

// fact reads one number of "calls=1,usec=2,…".
func fact(facts, name string) float64 {
	for part := range strings.SplitSeq(facts, ",") {
		if text, ok := strings.CutPrefix(part, name+"="); ok {
			n, _ := strconv.ParseFloat(text, 64)
			return n
		}
	}
	return 0
}
