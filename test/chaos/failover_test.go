//go:build unix

package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"havip/internal/redisconn"
	"havip/ledger"
)

// TestFailoversAreNews: each failover counts once, when the first server names the new master.
func TestFailoversAreNews(t *testing.T) {
	t.Parallel()
	var m masters
	for _, answer := range []struct {
		second         int
		server, master string
	}{
		{1, "s1", "a"},
		{2, "s2", "a"},
		{3, "s2", "b"}, // the first to name it
		{4, "s1", "a"}, // has not noticed yet
		{5, "s3", "a"}, // comes back, and repeats what it knew
		{6, "s1", "b"},
		{7, "s3", "b"},
		{8, "s1", "a"}, // failed back
		{9, "s2", "a"},
	} {
		m.note(answer.server, map[string]string{"m": answer.master}, at(answer.second))
	}
	want := []Failover{{at(3), "m", "a", "b"}, {at(8), "m", "b", "a"}}
	if diff := cmp.Diff(want, m.all()); diff != "" {
		t.Error(diff)
	}
}

// TestResumed: what counts after a failover is the next create of a lane on its shard, and how long that took only where
// nothing else failed.
func TestResumed(t *testing.T) {
	t.Parallel()
	seen := Observations{
		Results: []Result{{ClientToken: "t0", Region: "bj"}, {ClientToken: "t1", Region: "bj"}, {ClientToken: "t2", Region: "gz"}},
		Shards:  map[string]string{"bj": "low", "gz": "high"},
		Sends:   []Send{send(0, "t0", 1, 2), send(0, "t2", 4, 5), send(0, "t1", 20, 21)},
	}
	for name, test := range map[string]struct {
		failovers []Failover
		elsewhere bool
		want      int
	}{
		"at once":                   {failovers: []Failover{{At: at(19), Shard: "low"}}},
		"late":                      {failovers: []Failover{{At: at(3), Shard: "low"}}, want: 1},
		"late, as much else failed": {failovers: []Failover{{At: at(3), Shard: "low"}}, elsewhere: true},
		"on a shard of no lane":     {failovers: []Failover{{At: at(3), Shard: "middle"}}},
		"of no more work":           {failovers: []Failover{{At: at(21), Shard: "low"}}},
		"the next comes first":      {failovers: []Failover{{At: at(3), Shard: "low"}, {At: at(9), Shard: "low"}, {At: at(15), Shard: "low"}}},
	} {
		seen := seen
		seen.Failovers, seen.OnlyRedis = test.failovers, !test.elsewhere
		if got := countOf(Evaluate(seen))[NotResumed]; got != test.want {
			t.Errorf("%s: found %d times, want %d", name, got, test.want)
		}
	}
}

// TestFindLost: a batch of which a producer succeeded must be in the ledger with all its rows.
func TestFindLost(t *testing.T) {
	t.Parallel()
	s, err := startStore(t.Context(), standalone, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	rdb, err := redisconn.Open(t.Context(), s.url())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rdb.Close() }()
	env := &environment{ledger: ledger.New(rdb), rows: rowsOf(4, 2)}
	env.confirmed.add(1)
	env.confirmed.add(1)
	if err := env.findLost(t.Context()); err != nil || len(env.lost) != 1 || env.lost[0].Fact != Lost {
		t.Errorf("%v, %v", env.lost, err)
	}
}
