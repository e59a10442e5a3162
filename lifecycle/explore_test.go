package lifecycle

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	exploreSeed        = flag.Uint64("explore-seed", 0, "seed of the first story; 0 chooses one")
	exploreTransitions = flag.Int("explore-transitions", 1_000_000, "how many transitions the stories make in all")
)

// Random events of one item: workers die, answers are lost, late or refused, BCE is slow, another program used its
// token, operators cancel, retry and roll back, and days pass. BCE never has two HaVIPs of the item, no two of its
// requests are in flight, no unknown outcome is cleared without a proof, confirmed HaVIPs exist, no foreign HaVIP is
// deleted or reported as created, and every item finishes.
func TestRandomEventsNeverCreateTwice(t *testing.T) {
	t.Parallel()
	seed := *exploreSeed
	if seed == 0 {
		seed = rand.Uint64N(1 << 40)
	}
	began, transitions, stories := time.Now(), 0, 0
	for transitions < *exploreTransitions {
		s := newStory(seed + uint64(stories))
		s.run()
		if s.broken != "" {
			t.Fatalf("-explore-seed=%d: %s\n%s", seed+uint64(stories), s.broken, s.told())
		}
		transitions, stories = transitions+s.transitions, stories+1
	}
	t.Logf("seed %d: %d stories, %d transitions, %.0f a second", seed, stories, transitions, float64(transitions)/time.Since(began).Seconds())
}

// story is one item, the requests of its workers, and what exists in BCE.
type story struct {
	random      *rand.Rand
	record      Record
	log         map[LogKey]Attempt
	now         Millis
	batch       Batch
	flights     []*flight
	tickets     int
	transitions int
	// tokens are what BCE knows of clientTokens, and ids the HaVIPs that exist.
	tokens map[string]*tokenInBCE
	ids    []string
	made   int
	// createdAt is when each HaVIP was created. Foreign is one that somebody else's request under the item's
	// first token created before, whether or not it still exists.
	createdAt map[string]Millis
	foreign   bool
	// taken: somebody else has the item's address.
	taken bool
	// watched is the attempt in flight that the item's workers have met, and watchedAt when.
	watched   string
	watchedAt Millis
	// begunAt is when the last request was begun.
	begunAt Millis
	lines   []string
	broken  string
}

// tokenInBCE is what BCE remembers of a clientToken for 24 hours after it received it last.
type tokenInBCE struct {
	id       string
	received Millis
	// shownAt is when the create that it works on is done, and visibleAt from when on it shows what it made.
	shownAt, visibleAt Millis
}

// flight is one request, whose outcome nobody has recorded yet.
type flight struct {
	n            int
	ticket       string
	generation   int
	token        string
	begun        Millis
	afterUnknown bool
	deletion     bool
}

func newStory(seed uint64) *story {
	s := &story{
		random: rand.New(rand.NewPCG(seed, 1)), record: registered(), now: start,
		log: map[LogKey]Attempt{}, tokens: map[string]*tokenInBCE{}, createdAt: map[string]Millis{},
	}
	if s.chance(20) {
		before := start - []Millis{10 * second, hour, 23 * hour}[s.random.IntN(3)]
		s.tokens["t1"] = &tokenInBCE{id: foreignID, received: before, shownAt: before}
		s.createdAt[foreignID], s.foreign = before, s.chance(50)
	}
	return s
}

// foreignID is the HaVIP that somebody else created.
const foreignID = "havip-foreign"

func (s *story) told() string {
	last := s.lines[max(0, len(s.lines)-40):]
	return fmt.Sprintf("%s\n%+v\nBCE has %v", strings.Join(last, "\n"), s.record, s.ids)
}

func (s *story) say(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf("%9.1f s %-8s ", float64(s.now-start)/1000, s.record.State)+fmt.Sprintf(format, args...))
}

func (s *story) chance(percent int) bool { return s.random.IntN(100) < percent }

// run tells the story: at first anything happens, then nothing but what the item's workers do.
func (s *story) run() {
	for range 10 + s.random.IntN(60) {
		s.step()
		if s.broken != "" {
			return
		}
	}
	s.batch.Paused, s.taken = false, false
	for range 400 {
		if s.finished() {
			if r := s.record; r.State.Succeeded() && !slices.Contains(s.ids, r.HaVIPID) && (!s.foreign || r.HaVIPID != foreignID) {
				s.broken = "what is confirmed does not exist"
			}
			return
		}
		s.now += 61 * second
		s.work(0)
		if s.broken != "" {
			return
		}
	}
	s.broken = "the item comes to no end"
}

func (s *story) finished() bool {
	return s.record.Finished() && len(s.flights) == 0
}

// step lets one thing happen.
func (s *story) step() {
	switch s.random.IntN(17) {
	case 0, 1, 2, 3, 4, 5:
		s.work(s.random.IntN(4))
	case 6, 7, 8:
		s.now += []Millis{second, 20 * second, minute, 2 * minute, 11 * minute}[s.random.IntN(5)]
	case 9:
		if s.chance(30) {
			s.now += []Millis{hour, 21 * hour, 25 * hour}[s.random.IntN(3)]
		}
	case 10:
		if s.chance(25) {
			done, c := Cancel(s.snapshot(LogKey{}), "reason")
			s.apply("cancel", string(done), c)
		}
	case 11:
		done, c := Retry(s.snapshot(s.record.OpenEntry()), s.record, s.next())
		s.apply("retry", string(done), c)
	case 12:
		if s.chance(20) {
			done, c := Rollback(s.snapshot(LogKey{}), s.record.HaVIPID, "reason")
			s.apply("rollback", string(done), c)
		}
	case 13:
		s.batch.Paused = s.chance(30)
	case 14:
		s.taken = s.chance(20)
	case 16:
		s.review()
	case 15:
		silent := s.now - s.begunAt // as of a worker that died when it had begun its last request
		done, _, c := Release(s.snapshot(LogKey{}), "w", silent.since(0))
		s.apply("release", string(done), c)
	}
}

// review settles an item of unknown outcome for review with all HaVIPs that BCE shows, or resolves it: the operator knows
// which one is its own.
func (s *story) review() {
	if s.record.State == Review {
		chosen := ""
		if len(s.ids) > 0 {
			chosen = s.ids[0]
		}
		if s.record.candidate(chosen) < 0 {
			chosen = ""
		}
		done, c := Resolve(s.snapshot(s.record.OpenEntry()), s.record, chosen)
		s.apply("resolve "+chosen, string(done), c)
		return
	}
	if s.record.State != Unknown || !s.chance(30) {
		return
	}
	candidates := []Candidate{{HaVIPID: "havip-other", Address: "10.0.0.9"}}
	for _, id := range s.shown() {
		candidates = append(candidates, Candidate{HaVIPID: id})
	}
	done, c := Settle(s.snapshot(s.record.OpenEntry()), Review, "Candidates", "", candidates...)
	s.apply("several candidates", string(done), c)
}

// watch is what a worker that begins knows of another attempt; met notes one that is in flight.
func (s *story) watch() Watched { return Watched{Ticket: s.watched, For: s.now.since(s.watchedAt)} }

func (s *story) met(todo Start) {
	if todo == StartBusy && s.watched != s.record.Ticket {
		s.watched, s.watchedAt = s.record.Ticket, s.now
	}
}

// begun notes that a request goes out. No other may be under way: a request takes 16 seconds at most.
func (s *story) begun() {
	for _, other := range s.flights {
		if s.now-other.begun < 16*second {
			s.broken = "two requests are under way at once"
		}
	}
	s.begunAt = s.now
}

func (s *story) next() string { return fmt.Sprint("t", s.record.Generation+1) }

func (s *story) snapshot(key LogKey) Snapshot {
	snapshot := Snapshot{Record: s.record.clone(), Batch: s.batch, Now: s.now}
	if entry, found := s.log[key]; found {
		snapshot.Entry = &entry
	}
	return snapshot
}

// apply commits a change, and checks what must hold of any.
func (s *story) apply(what, result string, c Change) {
	s.transitions++
	before := s.record
	if c.Record != nil {
		s.record = c.Record.clone()
	}
	for _, entry := range c.Log {
		s.log[LogKey{entry.Op, entry.Number}] = entry
	}
	for _, key := range c.Dropped {
		delete(s.log, key)
	}
	s.say("%s: %s", what, result)
	s.check(before, c)
}

func (s *story) check(before Record, c Change) {
	now := s.record
	renewed := now.Generation != before.Generation
	switch {
	case c.Moved && c.Record == nil:
		s.broken = "a step without a record"
	case renewed && now.Generation != before.Generation+1, renewed != (now.ClientToken != before.ClientToken):
		s.broken = "the generation and the clientToken do not go together"
	case renewed && before.State == Sending:
		s.broken = "a token was given up while a request under it was in flight"
	case now.State.Succeeded() && now.HaVIPID == "":
		s.broken = "it exists, and nobody knows where"
	case now.State == Created && !now.Unconfirmed() && now.HaVIPID == foreignID:
		s.broken = "somebody else's HaVIP passes for created"
	case now.State == Deleting && now.HaVIPID == foreignID:
		s.broken = "somebody else's HaVIP is to be deleted"
	case now.State == Deleting && before.Unconfirmed():
		s.broken = "it is to be deleted, and not confirmed"
	case now.State.Succeeded() && now.Unknown:
		s.broken = "it exists, and is unknown"
	case now.Sends < before.Sends || now.Attempts < before.Attempts || now.Attempts > now.Sends:
		s.broken = "requests are not counted right"
	case now.State == Sending && now.RequestUntil == 0, now.State == Deleting && now.Deletion == nil:
		s.broken = "what is in flight has no bound, or no reason"
	case len(s.ids) > 1:
		s.broken = "BCE has two HaVIPs of the item"
	case now.State == Canceled && len(s.ids) > 0, now.State == Rejected && len(s.ids) > 0:
		s.broken = "the item says that nothing was created, and a HaVIP exists"
	case before.Unknown && !now.Unknown && !now.State.Succeeded() && !renewed && now.State != Canceled && now.State != Rejected:
		s.broken = "an unknown outcome was forgotten without a proof"
	case before.State != Sending && now.State == Sending && (before.Lookup || s.batch.Paused && !before.Unknown):
		s.broken = "an item was sent that is paused, or to be looked for first"
	case before.State.Terminal() && now.State == Sending:
		s.broken = "a finished item was sent"
	}
}

// work is what a worker does with the item's task; trouble says how much goes wrong.
func (s *story) work(trouble int) {
	for i := 0; i < len(s.flights); {
		if f := s.flights[i]; trouble == 0 || s.chance(50) {
			s.flights = slices.Delete(s.flights, i, i+1)
			s.answer(f, trouble)
			continue
		}
		i++
	}
	if s.broken != "" || s.record.State == Deleting {
		s.workDeletion(trouble)
		return
	}
	s.confirm()
	if s.broken == "" {
		s.begin(trouble, false)
	}
}

// confirm is what a worker does when BCE is to be asked for the HaVIP.
func (s *story) confirm() {
	r := s.record
	if !r.Unconfirmed() || s.now < r.ConfirmAt {
		return
	}
	o := Look{HaVIPID: r.HaVIPID, ListedAt: Uptime(s.now), Next: s.next(), ConfirmWithin: 10 * time.Minute}
	if slices.Contains(s.shown(), r.HaVIPID) || s.foreign && r.HaVIPID == foreignID {
		o.Shown = &ListedHaVIP{Age: s.now.since(s.createdAt[r.HaVIPID])}
		if s.chance(80) {
			o.Shown.Address = "10.0.0.1"
		}
	}
	done, c := Confirm(s.snapshot(LogKey{}), o)
	s.apply("confirm", string(done), c)
}

func (s *story) begin(trouble int, lookedUp bool) {
	s.tickets++
	o := terms
	o.Worker, o.Ticket, o.LookedUp, o.Watched = "w", fmt.Sprint("k", s.tickets), lookedUp, s.watch()
	todo, _, c := Begin(s.snapshot(s.record.OpenEntry()), o)
	s.apply("begin", string(todo), c)
	s.met(todo)
	if s.broken != "" {
		return
	}
	switch todo {
	case StartSend:
		r := s.record
		f := &flight{n: r.Sends, ticket: r.Ticket, generation: r.Generation, token: r.ClientToken, begun: s.now, afterUnknown: r.Unknown}
		s.begun()
		if trouble > 0 && s.chance(30) {
			s.flights = append(s.flights, f) // its end is heard later, if its worker does not die before
			return
		}
		s.answer(f, trouble)
	case StartLookup:
		s.lookUp()
	case StartIdle:
		if len(s.shown()) > 0 {
			s.adopt()
			return
		}
		if !lookedUp {
			s.begin(trouble, true)
		}
	case StartStale, StartTokenUsed:
		done, c := Renew(s.snapshot(LogKey{}), s.record, s.next(), "why")
		s.apply("renew", string(done), c)
	case StartExhausted:
		done, c := Settle(s.snapshot(s.record.OpenEntry()), Rejected, "RetriesExhausted", "")
		s.apply("settle", string(done), c)
	case StartFinished, StartBusy, StartPaused, StartDelete, StartForeign, StartConflict, StartAbsent:
	}
}

// shown are the HaVIPs that a listing shows: all that BCE has not been working on in the last half minute, but
// for some that it takes minutes to show.
func (s *story) shown() []string {
	var shown []string
	for _, id := range s.ids {
		fresh := false
		for _, token := range s.tokens {
			fresh = fresh || token.id == id && s.now < max(token.shownAt+30*second, token.visibleAt)
		}
		if !fresh {
			shown = append(shown, id)
		}
	}
	return shown
}

func (s *story) adopt() {
	done, c := Adopt(s.snapshot(LogKey{}), s.record, s.shown()[0], "10.0.0.1")
	s.apply("adopt", string(done), c)
}

func (s *story) lookUp() {
	if s.now < s.record.LastSentAt+minute || s.now < s.record.LookAgainAt {
		return
	}
	if len(s.shown()) > 0 {
		s.adopt()
		return
	}
	done, _, c := RecordAbsence(s.snapshot(LogKey{}), s.record, AbsenceTerms{
		ListedAt: Uptime(s.now), Next: s.next(), TokenMaxAge: terms.TokenMaxAge, ConfirmWithin: 10 * time.Minute,
		Refused: s.record.Class == "mismatch",
	})
	s.apply("absent", string(done), c)
}

// answer is what became of a request: whether it reached BCE in time, what BCE did and answered, and what of
// that is recorded, if anything.
func (s *story) answer(f *flight, trouble int) {
	if f.deletion {
		s.answerDeletion(f, trouble)
		return
	}
	o := outcomeUnknown
	switch in := s.now-f.begun < 16*second; {
	case trouble > 0 && s.chance(10):
		o = outcomeNotSent
	case !in || trouble > 0 && s.chance(15):
		// it never arrived, or too late, and BCE refused it unheard
	default:
		o = s.create(f.token, trouble)
		if o.Class == "rejected" && f.afterUnknown {
			o = outcomeMismatch
		}
		if trouble > 0 && s.chance(25) {
			o = outcomeUnknown
		}
	}
	if trouble > 0 && s.chance(15) {
		s.say("the worker of request %d dies", f.n)
		return
	}
	o.Ticket, o.Generation = f.ticket, f.generation
	for range 1 + s.random.IntN(2) { // a lost reply has it recorded again
		done, c := RecordOutcome(s.snapshot(LogKey{"", f.n}), f.n, o)
		s.apply(fmt.Sprint("record ", f.n, " ", o.Class), string(done), c)
		if s.broken != "" {
			return
		}
	}
	if r := s.record; r.State == Waiting && !r.Unknown && r.Refusals >= 3 && r.RenewedFor != r.Code {
		done, c := Renew(s.snapshot(LogKey{}), r, s.next(), "refused alike")
		s.apply("renew", string(done), c)
	}
}

// create is what BCE does with a create that it receives.
func (s *story) create(token string, trouble int) Outcome {
	known := s.tokens[token]
	if known != nil && s.now-known.received > 24*hour {
		known = nil
	}
	switch {
	case known != nil:
		known.received = s.now
		if s.now < known.shownAt {
			return outcomeRejected // "in progress", by a code that nobody knows
		}
		return outcomeCreated(known.id)
	case trouble > 0 && s.chance(20):
		return outcomeThrottled
	case s.taken || len(s.ids) > 0: // the address is taken
		return outcomeRejected
	}
	s.made++
	id := fmt.Sprint("havip-", s.made)
	known = &tokenInBCE{id: id, received: s.now, shownAt: s.now}
	if s.chance(5) {
		known.visibleAt = s.now + Millis(s.random.IntN(9))*minute
	}
	s.tokens[token], s.ids, s.createdAt[id] = known, append(s.ids, id), s.now
	s.say("BCE creates %s under %s", id, token)
	if trouble > 0 && s.chance(20) {
		known.shownAt = s.now + 110*second
		return outcomeUnknown
	}
	return outcomeCreated(id)
}

func (s *story) workDeletion(trouble int) {
	if s.broken != "" {
		return
	}
	s.tickets++
	o := deletionTerms
	o.Worker, o.Ticket, o.Watched = "w", fmt.Sprint("k", s.tickets), s.watch()
	todo, _, c := BeginDeletion(s.snapshot(s.record.OpenEntry()), o)
	s.apply("begin deletion", string(todo), c)
	s.met(todo)
	if todo == StartSend && s.broken == "" {
		s.begun()
		f := &flight{n: s.record.Deletes, ticket: s.record.Ticket, generation: s.record.Generation, token: s.record.HaVIPID, begun: s.now, deletion: true}
		if trouble > 0 && s.chance(30) {
			s.flights = append(s.flights, f)
			return
		}
		s.answer(f, trouble)
	}
}

func (s *story) answerDeletion(f *flight, trouble int) {
	o := DeletionOutcome{State: Deleting, Class: "unknown", Unknown: true}
	if s.now-f.begun < 16*second && (trouble == 0 || s.chance(70)) {
		s.ids = slices.DeleteFunc(s.ids, func(id string) bool { return id == f.token })
		if trouble == 0 || s.chance(70) {
			o = DeletionOutcome{State: Deleted, Class: "deleted"}
		}
	}
	if trouble > 0 && s.chance(15) {
		return
	}
	o.Ticket, o.Generation = f.ticket, f.generation
	done, c := RecordDeletion(s.snapshot(LogKey{OpDelete, f.n}), f.n, o)
	s.apply("record deletion", string(done), c)
}
