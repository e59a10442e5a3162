package ledger

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"havip/lifecycle"
)

// sound is a record that a worker may have written.
const sound = `"state":"queued","gen":1,"token":"t","fingerprint":"f","registeredAt":1700000000000,"updatedAt":1700000000000`

func TestDecodeRecordRefuses(t *testing.T) {
	t.Parallel()
	for name, fields := range map[string]string{
		"no fields":                      ``,
		"an unknown state":               sound + `,"state":"lost"`,
		"a clientToken without end":      sound + `,"token":"` + strings.Repeat("t", maxShort+1) + `"`,
		"no generation":                  sound + `,"gen":0`,
		"a negative generation":          sound + `,"gen":-1`,
		"a generation beyond all":        sound + `,"gen":1000000001`,
		"sends beyond all":               sound + `,"sends":9223372036854775807`,
		"negative sends":                 sound + `,"sends":-1`,
		"attempts beyond all":            sound + `,"attempts":1e18`,
		"deletes beyond all":             sound + `,"deletes":2000000000`,
		"refusals beyond all":            sound + `,"refusals":2000000000`,
		"a number that is none":          sound + `,"sends":1e400`,
		"a moment after all":             sound + `,"updatedAt":9223372036854775807`,
		"a moment before all":            sound + `,"registeredAt":-9223372036854775808`,
		"a listing before all":           sound + `,"absentSince":-9000000000000000`,
		"an offset beyond all":           sound + `,"offset":9000000000000`,
		"a lease without end":            sound + `,"state":"sending","lastSentAt":1700000000000,"leaseUntil":4000000000000`,
		"a request without end":          sound + `,"state":"sending","lastSentAt":1700000000000,"requestUntil":4000000000000`,
		"a deletion without end":         sound + `,"state":"deleting","deletion":{"at":1,"sentAt":1},"leaseUntil":1700000000000,"requestUntil":2`,
		"text without end":               sound + `,"message":"` + strings.Repeat("x", maxText) + `"`,
		"a list without end":             sound + `,"extras":["x"` + strings.Repeat(`,"x"`, maxText/4) + `]`,
		"something else in its place":    sound + `,"cancel":"yes"`,
		"a cancellation before all":      sound + `,"cancel":{"at":-1}`,
		"a deletion of a moment's after": sound + `,"deletion":{"at":9000000000000000}`,
	} {
		if r, err := decodeRecord("b", "k", "{"+fields+"}"); err == nil {
			t.Errorf("%s: decoded %+v", name, r)
		}
	}
	for _, text := range []string{"", "null", "[]", "7", `"x"`, "{", strings.Repeat("[", 20000)} {
		if r, err := decodeRecord("b", "k", text); err == nil {
			t.Errorf("%q: decoded %+v", text, r)
		}
	}
	if _, err := decodeRecord("b", "k", "{"+sound+"}"); err != nil {
		t.Error(err)
	}
}

// What could not be read again is not written: nothing is sent that the ledger would not know.
func TestCommitRefusesWhatItCouldNotRead(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Record){
		"BCE's clock is 70 years ahead": func(r *Record) { r.ClockOffset = Millis(70 * 365 * 24 * time.Hour / time.Millisecond) },
		"Redis's clock is at 2106":      func(r *Record) { r.LastSentAt = Millis(time.Date(2106, 2, 7, 0, 0, 0, 0, time.UTC).UnixMilli()) },
	} {
		r := Record{State: Sending, ClientToken: "t", Generation: 1}
		if _, _, err := commitArgs(decided{change: lifecycle.Change{Record: &r}}); err != nil {
			t.Fatal(err)
		}
		change(&r)
		if _, _, err := commitArgs(decided{change: lifecycle.Change{Record: &r}}); err == nil {
			t.Errorf("%s: committed", name)
		}
	}
}

func TestDecodeAttemptAndSpecRefuse(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"n":-1}`, `{"n":2000000000}`, `{"ms":9000000000000000}`, `{"ms":-1}`, `{"at":-1}`, `[]`, `{"message":"` + strings.Repeat("x", maxText) + `"}`} {
		if a, err := decodeAttempt(text); err == nil {
			t.Errorf("%.60s: decoded %+v", text, a)
		}
	}
	for _, text := range []string{
		`{}`, `{"account":"a","region":"r","body":"{"}`, `{"account":"","region":"r","body":"{}"}`, `{"account":"a","region":"r","body":"{}","line":-1}`,
		"", "7", "7 a r", "7 a r\n", "7 a r\n{", "x a r\n{}", "-1 a r\n{}", "7 a\n{}", "7  r\n{}", "7 a r p t x\n{}", "7 a " + strings.Repeat("r", maxShort+1) + "\n{}",
		"7 a r\n\"" + strings.Repeat(" ", maxText) + "\"", "7 a r\n" + strings.Repeat("\x03", maxText/10),
		`{"account":"` + strings.Repeat("a", maxShort+1) + `","region":"r","body":"{}"}`, `{"account":"a","region":"r","body":"[` + strings.Repeat(" ", maxText) + `]"}`,
	} {
		if s, err := decodeSpec("k", text); err == nil {
			t.Errorf("%.60s: decoded %+v", text, s)
		}
	}
}

// FuzzDecodeRecord holds that what is decided about any record that decodes asks nobody to wait for long, and that
// the record which is written then decodes as well.
func FuzzDecodeRecord(f *testing.F) {
	for _, fields := range []string{
		sound, sound + `,"state":"sending","sends":3,"lastSentAt":1700000000000,"leaseUntil":1700000030000,"requestUntil":1700000015000,"ticket":"x"`,
		sound + `,"state":"unknown","unknown":true,"unknownSince":1700000000000,"absentSince":5,"lookAgainAt":1700000060000,"sends":120`,
		sound + `,"state":"created","haVipId":"havip-1","confirmAt":1700000000000,"lastSentAt":1700000000000`,
		sound + `,"state":"deleting","deletion":{"at":1700000000000,"sentAt":1700000000000},"deletes":40,"requestUntil":1700000015000,"leaseUntil":1700000030000`,
	} {
		f.Add("{"+fields+"}", int64(1_700_000_000_000))
	}
	f.Fuzz(func(t *testing.T, text string, now int64) {
		rec, err := decodeRecord("b", "k", text)
		if err != nil {
			return
		}
		const longest = 2 * maxLease
		s := lifecycle.Snapshot{Record: rec, Now: Millis(min(max(now, 1), int64(maxMoment/2)))}
		if kept := rec.LogKeys(); len(kept) > 200 {
			t.Errorf("%d log keys", len(kept))
		}
		o := BeginOptions{Ticket: "mine", Worker: "w", Lease: time.Minute, TokenMaxAge: 20 * time.Hour, RetryHorizon: 20 * time.Hour}
		_, beginWait, begun := lifecycle.Begin(s, o)
		_, deletionWait, deletion := lifecycle.BeginDeletion(s, DeletionOptions{Ticket: "mine", Worker: "w", Lease: time.Minute})
		_, absenceWait, absent := lifecycle.RecordAbsence(s, rec, lifecycle.AbsenceTerms{ListedAt: 1, Next: "n", ConfirmWithin: 10 * time.Minute, TokenMaxAge: 20 * time.Hour})
		_, releaseWait, released := lifecycle.Release(s, rec.Worker, 0)
		for _, wait := range []time.Duration{beginWait, deletionWait, absenceWait, releaseWait} {
			if wait < 0 || wait > longest {
				t.Errorf("waits %s", wait)
			}
		}
		for _, change := range []lifecycle.Change{begun, deletion, absent, released} {
			if change.Record == nil || rec.Sends == maxCount || rec.Deletes == maxCount || rec.Generation == maxCount || rec.Attempts == maxCount {
				continue
			}
			written, err := encodeRecord("b", "k", *change.Record)
			if err != nil {
				t.Fatal(err)
			}
			again, err := decodeRecord("b", "k", written)
			if len(written) > maxText {
				continue
			}
			if diff := cmp.Diff(*change.Record, again, cmpopts.EquateEmpty()); err != nil || diff != "" {
				t.Errorf("written and read as something else: %v\n%s\n%s", err, written, diff)
			}
		}
	})
}

func TestBoundsFitADuration(t *testing.T) {
	t.Parallel()
	if apart := float64(maxMoment+3*maxOffset) * float64(time.Millisecond); apart > math.MaxInt64 {
		t.Errorf("two moments may be %g ns apart", apart)
	}
}
