package ledgermodel

import (
	"cmp"
	"time"

	"havip/ledger"
)

// item is the history of one wanted HaVIP.
type item struct {
	batch *batch
	spec  ledger.Spec

	// spent: its token may have been used before the batch was forgotten.
	spent bool
	// past is the last generation that may have been used before that.
	past int

	state      ledger.State
	generation int
	token      string
	sends      []*send
	// answers are what was said of this generation's sends while the item waited for it.
	answers []ledger.Outcome
	// words are the last ones that stand: an answer's, or those of whoever settled the item.
	words ledger.Outcome

	// doubts are when requests were sent, by BCE's clock, on which it may have acted.
	doubts []ledger.Millis
	// look is set when nothing may be sent before the HaVIP was looked for.
	look bool
	// wish is a person's that the item be canceled, which its outcome is to decide.
	wish *ledger.Cancellation
	// failing is when the failures began that go on.
	failing ledger.Millis

	// forgiven is set while the item stands failed, and did so when its batch was let go on.
	forgiven bool

	haVIPID, address string
	// askAt is when BCE is asked next whether it shows the HaVIP, or 0; missedAt when it first did not.
	askAt, missedAt ledger.Millis
	// deletes are the tries to delete the HaVIP; deletion is set while that is under way.
	deletes  []*send
	deletion *deletion
	// extras are further HaVIPs that appeared for the item, and belong to nobody.
	extras []string

	registered, enqueued, renewed ledger.Millis
	// renewedFor is the code that stood when the item was given its token.
	renewedFor string
	// firstSent is when the first request was sent that may have created the HaVIP; lastSent when the
	// last was, at the latest.
	firstSent, lastSent ledger.Millis
	// moved is when the item last entered a state, changed when anything of it last changed.
	moved, changed ledger.Millis
	// passed is how many of the sends are of a way that is at its end; see forget.
	passed int
}

// send is one request, and what is known of it.
type send struct {
	ledger.Attempt
	ticket string
	offset ledger.Millis
	// until bounds the attempt, and is 0 once the item knows what became of it.
	until ledger.Millis
	// lease is how long the attempt may take, and request how long its worker must be silent for its request to
	// be over. Released: its worker is dead, and was silent for as long.
	lease, request time.Duration
	released       bool
	// counted: it counts as an attempt.
	counted bool
	// refused: BCE said no, and not about the item.
	refused bool
}

// The classes of a send of which nothing was heard.
const (
	inFlight    = "sending"
	interrupted = "interrupted"
)

// sentAt is by BCE's clock, as it was known.
func (s *send) sentAt() ledger.Millis { return s.At + s.offset }

// leaseUntil is as the ledger shows it.
func (s *send) leaseUntil() ledger.Millis {
	if s.released {
		return 0
	}
	return s.until
}

// last is the latest send, or an empty one.
func (i *item) last() *send {
	if len(i.sends) == 0 {
		return &send{}
	}
	return i.sends[len(i.sends)-1]
}

// lately is the latest send of the present way, or an empty one.
func (i *item) lately() *send {
	if len(i.sends) == i.passed {
		return &send{}
	}
	return i.last()
}

// flying is the attempt that may be under way, or nil.
func (i *item) flying() *send {
	if i.state != ledger.Sending {
		return nil
	}
	return i.last()
}

// enter moves the item into a state. Only what ends an item, or leaves it in doubt, is told.
func (i *item) enter(now ledger.Millis, state ledger.State, detail string) {
	i.state, i.moved, i.changed = state, now, now
	if state.Terminal() || state == ledger.Unknown {
		i.batch.tell(now, string(state), i.spec.Key, detail)
	}
	i.forgiven = false
	if failed(state) {
		i.batch.judge(now)
	}
	i.batch.completeOnceDone(now)
}

// suspect puts the item in doubt of a request sent then. A doubt that follows a refusal counts from
// that refusal: the token is as old.
func (i *item) suspect(sentAt ledger.Millis) {
	if refused := i.refusedSince(); refused != 0 && len(i.doubts) == 0 {
		sentAt = min(sentAt, refused)
	}
	i.doubts = append(i.doubts, sentAt)
	i.firstSent = cmp.Or(i.firstSent, sentAt)
}

// settled: no create is of any use to it.
func (i *item) settled() bool { return i.state.Terminal() || i.deletion != nil }

func (i *item) inDoubt() bool { return len(i.doubts) > 0 }

func (i *item) clearDoubt() { i.doubts, i.look = nil, false }

// refusedSince is when the first request under the token was sent that was refused, or 0.
func (i *item) refusedSince() ledger.Millis {
	for _, s := range i.sends[i.passed:] {
		if s.refused && s.Generation == i.generation {
			return s.sentAt()
		}
	}
	return 0
}

// forget drops what only the item's way to its end needed, for its memory. The log keeps it.
func (i *item) forget() {
	i.enqueued, i.firstSent, i.renewed, i.renewedFor = 0, 0, 0, ""
	i.passed = len(i.sends)
}

func (i *item) attempts() int {
	n := 0
	for _, s := range i.sends {
		if s.counted {
			n++
		}
	}
	return n
}

// refusals is how many of the last answers were alike and not about the item.
func (i *item) refusals() int {
	n := 0
	for n < len(i.answers) {
		answer := i.answers[len(i.answers)-1-n]
		if answer.State != ledger.Waiting || answer.Code == "" || answer.Code != i.answers[len(i.answers)-1].Code {
			break
		}
		n++
	}
	return n
}
