package lifecycle

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestResolve(t *testing.T) {
	t.Parallel()
	taken := inReview(func(r *Record) { r.Candidates, r.Code = nil, "TokenTaken" })
	for _, test := range []struct {
		name   string
		record Record
		choice string
		want   Commanded
		state  State
	}{
		{"a candidate", inReview(), "havip-2", CommandApplied, Adopted},
		{"no candidate", inReview(), "havip-3", CommandFinished, Review},
		{"none", inReview(), "", CommandApplied, Unknown},
		{"none, and there was none", taken, "", CommandApplied, Unknown},
		{"none, and too many are excluded", inReview(func(r *Record) { r.Excluded = make([]string, maxExcluded) }), "", CommandFinished, Review},
		{"chosen before", created(func(r *Record) { r.State = Adopted }), "havip-1", CommandSame, Adopted},
		{"created meanwhile", created(), "havip-2", CommandFinished, Created},
		{"not in review", unknown(), "", CommandFinished, Unknown},
	} {
		s := Snapshot{Record: test.record, Now: start + hour, Entry: openEntry()}
		action, why := test.record.ResolveAction(test.choice)
		got, c := Resolve(s, test.record, test.choice)
		r := after(s, c)
		if got != test.want || r.State != test.state || (action == ResolveNone) != (why != "") || (action == ResolveNone) == (got == CommandApplied) {
			t.Errorf("%s: %s, %s (%s), %+v", test.name, got, action, why, r)
		}
		if got != CommandApplied {
			continue
		}
		if len(r.Candidates) != 0 || !slices.Contains(kinds(c), EventResolved) || r.State == Adopted && (r.HaVIPID != test.choice || r.Unknown) {
			t.Errorf("%s: %+v, events %v", test.name, r, c.Events)
		}
		if r.State == Unknown && (!r.Unknown || !r.Lookup || r.TokenUsed != (len(test.record.Candidates) == 0)) {
			t.Errorf("%s: to be looked up, it is %+v", test.name, r)
		}
	}
}

// A decision is about the candidates that the operator saw.
func TestResolveLate(t *testing.T) {
	t.Parallel()
	seen := inReview()
	for name, change := range map[string]func(*Record){
		"other candidates": func(r *Record) { r.Candidates = r.Candidates[:1] },
		"another token":    func(r *Record) { r.ClientToken = "t2" },
		"another request":  func(r *Record) { r.Sends++ },
	} {
		for _, choice := range []string{"havip-1", ""} {
			if got, c := Resolve(Snapshot{Record: inReview(change), Now: start + hour}, seen, choice); got != CommandLate || !c.Empty() {
				t.Errorf("%s, choice %q: %s", name, choice, got)
			}
		}
	}
}

// An excluded candidate stays excluded, and the proofs of an absence decide as for any item: its token is sent again while it
// is valid, unless another program used it.
func TestResolvedToNone(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		record Record
		taken  bool
		want   Absence
	}{
		"token valid":           {inReview(), false, AbsenceResend},
		"token used by another": {inReview(func(r *Record) { r.Candidates = nil }), true, AbsenceRenewed},
	} {
		s := Snapshot{Record: test.record, Now: start + hour, Entry: openEntry()}
		_, c := Resolve(s, test.record, "")
		s.Record = after(s, c)
		var got Absence
		for listed := start + hour; listed <= start+hour+11*minute; listed += 11 * minute {
			s.Now = listed
			got, _, c = RecordAbsence(s, s.Record, absence(listed, func(o *AbsenceTerms) { o.TokenTaken = test.taken }))
			if s.Record = after(s, c); got == AbsenceResend {
				break
			}
		}
		excluded := []string{}
		for _, v := range test.record.Candidates {
			excluded = append(excluded, v.HaVIPID)
		}
		if got != test.want || !cmp.Equal(append([]string{}, s.Record.Excluded...), excluded) {
			t.Errorf("%s: %s, %+v", name, got, s.Record)
		}
	}
}

// Settle keeps a bounded number of candidates.
func TestManyCandidates(t *testing.T) {
	t.Parallel()
	s := Snapshot{Record: unknown(), Now: start + hour, Entry: openEntry()}
	_, c := Settle(s, Review, "Candidates", "", make([]Candidate, 10*MaxCandidates)...)
	if got := len(after(s, c).Candidates); got != MaxCandidates {
		t.Errorf("%d candidates", got)
	}
}
