package lifecycle

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var updateTable = flag.Bool("update-states", false, "rewrite docs/STATES.md")

// exampleRecords are records of every state, with each mark that matters to an event.
func exampleRecords() []Record {
	looked := func(r *Record) { r.Lookup = true }
	wanted := func(r *Record) { r.Cancel = &Cancellation{Reason: "reason"} }
	deleting := func(r *Record) { r.State, r.Deletion = Deleting, &Deletion{Reason: "reason"} }
	return []Record{
		registered(), registered(func(r *Record) { r.TokenUsed = true }),
		sending(), sending(wanted), unknown(), unknown(looked), unknown(looked, wanted),
		registered(func(r *Record) { r.State, r.Sends, r.Class, r.LastSentAt = Waiting, 1, "throttled", start+second }),
		created(), unconfirmed(), created(func(r *Record) { r.State = Adopted }),
		registered(func(r *Record) { r.State, r.Sends, r.LastSentAt = Rejected, 1, start+second }),
		inReview(),
		registered(func(r *Record) { r.State = Canceled }),
		created(deleting), created(deleting, func(r *Record) {
			r.Deletes, r.RequestUntil, r.LeaseUntil, r.Ticket, r.Worker = 1, start+17*second, start+31*second, "k0", "w0"
		}),
		created(func(r *Record) { r.State, r.Deletes = Deleted, 1 }),
	}
}

// event is one event of an item's life.
type event struct {
	name string
	do   func(s Snapshot) (result string, c Change)
}

// allEvents returns the events in the order of an item's life.
func allEvents() []event {
	begin := func(name string, now Millis, change ...func(*BeginTerms)) event {
		return event{name, func(s Snapshot) (string, Change) {
			s.Now = now
			o := terms
			for _, f := range change {
				f(&o)
			}
			done, _, c := Begin(s, o)
			return string(done), c
		}}
	}
	outcome := func(name string, o Outcome) event {
		return event{"outcome: " + name, func(s Snapshot) (string, Change) {
			if s.Record.Sends == 0 {
				return "", Change{}
			}
			o.Ticket, o.Generation = s.Record.Ticket, s.Record.Generation
			s.Entry = openEntry()
			done, c := RecordOutcome(s, s.Record.Sends, o)
			return string(done), c
		}}
	}
	removal := func(name string, o DeletionOutcome) event {
		return event{"outcome of delete: " + name, func(s Snapshot) (string, Change) {
			if s.Record.Deletes == 0 {
				return "", Change{}
			}
			o.Ticket, o.Generation = s.Record.Ticket, s.Record.Generation
			done, c := RecordDeletion(s, s.Record.Deletes, o)
			return string(done), c
		}}
	}
	absence := func(name string, change func(*AbsenceTerms)) event {
		return event{"absent from a second listing: " + name, func(s Snapshot) (string, Change) {
			s.Record.AbsentSince = 1
			o := AbsenceTerms{ListedAt: 700_000, Next: "t2", TokenMaxAge: 20 * time.Hour, ConfirmWithin: 10 * time.Minute}
			if change != nil {
				change(&o)
			}
			done, _, c := RecordAbsence(s, s.Record, o)
			return string(done), c
		}}
	}
	confirm := func(name string, shown *ListedHaVIP, listed Uptime, changes ...func(*Record)) event {
		return event{"confirmation: " + name, func(s Snapshot) (string, Change) {
			s.Record.AbsentSince = 1
			for _, change := range changes {
				change(&s.Record)
			}
			done, c := Confirm(s, Look{HaVIPID: s.Record.HaVIPID, Shown: shown, ListedAt: listed, Next: "t2", ConfirmWithin: 10 * time.Minute})
			return string(done), c
		}}
	}
	return []event{
		begin("begin", start+2*second),
		begin("begin, after the lease", start+hour, func(o *BeginTerms) { o.Watched = Watched{"k0", time.Hour} }),
		begin("begin, a day later", start+25*hour, func(o *BeginTerms) { o.Watched = Watched{"k0", time.Hour} }),
		outcome("created", outcomeCreated("havip-1")), outcome("unknown", outcomeUnknown), outcome("mismatch", outcomeMismatch),
		outcome("throttled", outcomeThrottled), outcome("not sent", outcomeNotSent), outcome("rejected", outcomeRejected),
		{"release: its worker is dead", func(s Snapshot) (string, Change) {
			done, _, c := Release(s, "w0", time.Hour)
			return string(done), c
		}},
		{"lookup: found", func(s Snapshot) (string, Change) {
			done, c := Adopt(s, s.Record, "havip-1", "10.0.0.1")
			return string(done), c
		}},
		absence("token valid", nil), absence("token dead", func(o *AbsenceTerms) { o.TokenMaxAge = time.Second }),
		absence("refused by BCE", func(o *AbsenceTerms) { o.Refused = true }),
		absence("token used by another program", func(o *AbsenceTerms) { o.TokenTaken = true }),
		{"renew token", func(s Snapshot) (string, Change) {
			done, c := Renew(s, s.Record, "t2", "why")
			return string(done), c
		}},
		{"retries exhausted", func(s Snapshot) (string, Change) {
			done, c := Settle(s, Rejected, "RetriesExhausted", "")
			return string(done), c
		}},
		{"several candidates", func(s Snapshot) (string, Change) {
			done, c := Settle(s, Review, "Candidates", "", Candidate{HaVIPID: "havip-1"})
			return string(done), c
		}},
		confirm("own", &ListedHaVIP{Address: "10.0.0.1"}, 700_000), confirm("older than its first request", &ListedHaVIP{Address: "10.0.0.1", Age: 30 * time.Hour}, 700_000),
		confirm("not shown", nil, 1000), confirm("not shown within the limit", nil, 700_000),
		confirm("not shown within the limit, later outcome unknown", nil, 700_000, func(r *Record) { r.Unknown = true }),
		{"cancel", func(s Snapshot) (string, Change) { done, c := Cancel(s, "reason"); return string(done), c }},
		{"retry", func(s Snapshot) (string, Change) { done, c := Retry(s, s.Record, "t2"); return string(done), c }},
		{"resolve: a candidate is its own", func(s Snapshot) (string, Change) {
			done, c := Resolve(s, s.Record, "havip-1")
			return string(done), c
		}},
		{"resolve: no candidate is its own", func(s Snapshot) (string, Change) { done, c := Resolve(s, s.Record, ""); return string(done), c }},
		{"rollback", func(s Snapshot) (string, Change) {
			done, c := Rollback(s, s.Record.HaVIPID, "reason")
			return string(done), c
		}},
		{"begin delete", func(s Snapshot) (string, Change) {
			done, _, c := BeginDeletion(s, deletionTerms)
			return string(done), c
		}},
		removal("deleted", DeletionOutcome{State: Deleted, Class: "deleted"}),
		removal("unknown", DeletionOutcome{State: Deleting, Class: "unknown", Unknown: true}),
		removal("refused", DeletionOutcome{State: Created, Class: "refused"}),
	}
}

// table returns what each event does to an item of each state.
func table() string {
	var b strings.Builder
	b.WriteString("# States and events\n\nGenerated from package lifecycle by its tests. A combination without a row changes nothing. " +
		"*Result* is the function's; *events* go to the batch's stream.\n\n| event | from | to | result | events |\n|---|---|---|---|---|\n")
	for _, h := range allEvents() {
		type row struct{ to, result, events string }
		var rows []row
		from := map[row][]string{}
		for _, r := range exampleRecords() {
			s := Snapshot{Record: r.clone(), Now: start + 2*second}
			if strings.HasPrefix(h.name, "confirmation") || strings.HasPrefix(h.name, "absent") {
				s.Now = start + 12*minute
			}
			result, c := h.do(s)
			if c.Record == nil {
				continue
			}
			key := row{string(c.Record.State), result, strings.Join(kinds(c), ", ")}
			if !slices.Contains(rows, key) {
				rows = append(rows, key)
			}
			if name := string(r.State); !slices.Contains(from[key], name) {
				from[key] = append(from[key], name)
			}
		}
		for _, key := range rows {
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", h.name, strings.Join(from[key], ", "), key.to, key.result, key.events)
		}
	}
	return b.String()
}

const tableFile = "../docs/STATES.md"

// The documented table matches the functions. Run with -update-states to rewrite it.
func TestTableOfStatesAndEvents(t *testing.T) {
	t.Parallel()
	got := table()
	if *updateTable {
		if err := os.WriteFile(tableFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(tableFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("docs/STATES.md (-is +should be; go test ./lifecycle -update-states writes it):\n%s", diff)
	}
}
