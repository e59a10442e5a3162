package bcesim

import (
	"maps"
	"time"
)

// Stats are counts since the start.
type Stats struct {
	// Now is the server's clock.
	Now time.Time `json:"now"`
	// Calls are those that have ended; InFlight have not.
	Calls    int64 `json:"calls"`
	InFlight int64 `json:"inFlight"`
	// Operations, Statuses, Codes and Faults count ended calls by each. A call without an
	// answer has status 0.
	Operations map[Operation]int64 `json:"operations"`
	Statuses   map[int]int64       `json:"statuses"`
	Codes      map[string]int64    `json:"codes"`
	Faults     map[string]int64    `json:"faults"`
	// Live and Deleted count HaVIPs; AnswerLost counts those whose create had a commit-… fault,
	// stall-after or gate-after.
	Live       int `json:"live"`
	Deleted    int `json:"deleted"`
	AnswerLost int `json:"answerLost"`
	// Duplicates and TokenTwice are the sizes of the lists of that name; see [Truth].
	Duplicates int `json:"duplicates"`
	TokenTwice int `json:"tokenTwice"`
	// Replays got their token's earlier result; Mismatches were refused because of it.
	Replays    int64 `json:"replays"`
	Mismatches int64 `json:"mismatches"`
	// RateLimited were refused by a limit, as opposed to a fault.
	RateLimited int64 `json:"rateLimited"`
	// WithoutToken are mutating calls without a token.
	WithoutToken int64 `json:"withoutToken"`
	// Overlaps are calls that arrived while another with their token was in progress.
	// LiveOverlaps are those for which the other's client was still waiting, so that a client
	// really sent both at once. They are counted when the other call ends.
	Overlaps     int64 `json:"overlaps"`
	LiveOverlaps int64 `json:"liveOverlaps"`
}

func newStats() Stats {
	return Stats{
		Operations: map[Operation]int64{},
		Statuses:   map[int]int64{},
		Codes:      map[string]int64{},
		Faults:     map[string]int64{},
	}
}

// count adds a call that has ended.
func (s *Stats) count(call Call) {
	s.Calls++
	s.Operations[call.Operation]++
	s.Statuses[call.Status]++
	if call.Code != "" {
		s.Codes[call.Code]++
	}
	if call.Fault != "" {
		s.Faults[call.Fault]++
	}
}

// Stats returns the counts. It scans all HaVIPs; do not call it in a tight loop.
func (s *Server) Stats() Stats {
	truth := s.Truth()
	s.mu.Lock()
	defer s.mu.Unlock()
	stats := s.stats
	stats.Operations = maps.Clone(s.stats.Operations)
	stats.Statuses = maps.Clone(s.stats.Statuses)
	stats.Codes = maps.Clone(s.stats.Codes)
	stats.Faults = maps.Clone(s.stats.Faults)
	stats.Now = s.Now().UTC()
	stats.InFlight = s.calls.last - stats.Calls
	stats.Live = len(truth.Live())
	stats.Deleted = len(truth.HaVIPs) - stats.Live
	stats.Duplicates = len(truth.Duplicates())
	stats.TokenTwice = len(truth.TokenTwice())
	for _, record := range truth.HaVIPs {
		if record.Fault != "" {
			stats.AnswerLost++
		}
	}
	return stats
}
