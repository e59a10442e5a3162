package lifecycle

import "time"

// start is when the item of most tests was registered.
const start = Millis(1_800_000_000_000)

const (
	second = Millis(1000)
	minute = 60 * second
	hour   = 60 * minute
)

// terms are those of the tests' attempts.
var terms = BeginTerms{
	Worker: "w1", Ticket: "k1", Lease: 30 * time.Second, Request: 16 * time.Second,
	TokenMaxAge: 20 * time.Hour, RetryHorizon: 30 * time.Hour,
}

// registered is an item that nothing has happened to.
func registered(change ...func(*Record)) Record {
	r := Record{State: Queued, Generation: 1, ClientToken: "t1", Fingerprint: "fp", RegisteredAt: start, EnqueuedAt: start}
	for _, f := range change {
		f(&r)
	}
	return r
}

// sending is an item whose first request was begun a second after it was registered.
func sending(change ...func(*Record)) Record {
	return registered(append([]func(*Record){func(r *Record) {
		r.State, r.Sends = Sending, 1
		r.FirstSentAt, r.LastSentAt = start+second, start+second
		r.LeaseUntil, r.RequestUntil = start+31*second, start+17*second
		r.Worker, r.Ticket = "w0", "k0"
	}}, change...)...)
}

// unknown is an item of whose first request nobody knows what became.
func unknown(change ...func(*Record)) Record {
	return sending(append([]func(*Record){func(r *Record) {
		r.State, r.Attempts, r.Class = Unknown, 1, "unknown"
		r.LeaseUntil, r.RequestUntil, r.Ticket = 0, 0, ""
		r.Unknown, r.UnknownSince, r.UnansweredAt, r.FirstFailedAt = true, start+second, start+second, start+2*second
	}}, change...)...)
}

// inReview is an item of unknown outcome for which a lookup found two candidates.
func inReview(change ...func(*Record)) Record {
	return registered(append([]func(*Record){func(r *Record) {
		r.State, r.Unknown, r.Sends, r.LastSentAt, r.Code = Review, true, 1, start+second, "Candidates"
		r.Candidates = []Candidate{{HaVIPID: "havip-1", Address: "10.0.0.1"}, {HaVIPID: "havip-2"}}
	}}, change...)...)
}

// created is an item that has its HaVIP.
func created(change ...func(*Record)) Record {
	return registered(append([]func(*Record){func(r *Record) {
		r.State, r.Sends, r.Attempts, r.Class, r.Status = Created, 1, 1, "created", 200
		r.LastSentAt, r.EnqueuedAt, r.HaVIPID, r.PrivateIPAddress = start+second, 0, "havip-1", "10.0.0.1"
	}}, change...)...)
}

// openEntry is the log entry of an item's first request, which was begun.
func openEntry() *Attempt {
	return &Attempt{Number: 1, Generation: 1, At: start + second, Worker: "w0", Class: classSending}
}

// The outcomes of requests, as package tasks makes them.
func outcomeCreated(id string) Outcome {
	return Outcome{State: Created, Class: "created", Counted: true, Status: 200, HaVIPID: id, PrivateIPAddress: "10.0.0.1"}
}

var (
	outcomeUnknown   = Outcome{State: Unknown, Class: "unknown", Counted: true, Unknown: true}
	outcomeMismatch  = Outcome{State: Unknown, Class: "mismatch", Counted: true, Unknown: true, Lookup: true, Status: 400, Code: "InUse"}
	outcomeRejected  = Outcome{State: Rejected, Class: "rejected", Counted: true, Status: 400, Code: "InUse"}
	outcomeThrottled = Outcome{State: Waiting, Class: "throttled", Status: 429, Code: "RateLimit"}
	outcomeNotSent   = Outcome{State: Queued, Class: "not-sent", Counted: true}
)

// kinds are the kinds of the change's events.
func kinds(c Change) []string {
	var all []string
	for _, e := range c.Events {
		all = append(all, e.Kind)
	}
	return all
}

// after is the record after the change.
func after(s Snapshot, c Change) Record {
	if c.Record == nil {
		return s.Record
	}
	return *c.Record
}
