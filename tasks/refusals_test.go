package tasks

import (
	"fmt"
	"testing"
	"time"

	"github.com/hibiken/asynq"

	"havip/ledger"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	refused := func(code string) Outcome { return Outcome{Class: ClassRejected, Status: 400, Code: code} }
	unknown := func(code string) Outcome { return Outcome{Class: ClassMismatch, Status: 400, Code: code} }
	created, lost := Outcome{Class: ClassCreated, Status: 200}, Outcome{Class: ClassUnknown}
	upgrading := refused("ServiceUpgrading")
	for _, test := range []struct {
		name string
		said []Outcome
		want Class
	}{
		{"four", []Outcome{upgrading, upgrading, upgrading, upgrading}, ClassRejected},
		{"five", []Outcome{upgrading, upgrading, upgrading, upgrading, upgrading}, ClassLaneFault},
		{"what proves nothing is not counted", []Outcome{upgrading, upgrading, lost, upgrading, upgrading, upgrading}, ClassLaneFault},
		{"something was created", []Outcome{upgrading, upgrading, upgrading, upgrading, created, upgrading}, ClassRejected},
		{"codes by turns", []Outcome{upgrading, refused("Strange"), upgrading, refused("Strange"), upgrading}, ClassLaneFault},
		{"of items of unknown outcome", []Outcome{upgrading, unknown("ServiceUpgrading"), upgrading, upgrading, unknown("ServiceUpgrading")}, ClassLaneFault},
		{"four, of items of unknown outcome", []Outcome{upgrading, upgrading, upgrading, unknown("ServiceUpgrading")}, ClassMismatch},
		{"the token was used otherwise", []Outcome{upgrading, upgrading, upgrading, upgrading, unknown("IdempotentParameterMismatch")}, ClassMismatch},
		{"about the item", []Outcome{refused("BadParameters"), refused("BadParameters"), refused("BadParameters"), refused("BadParameters"), refused("BadParameters")}, ClassRejected},
		{"a known code between", []Outcome{upgrading, upgrading, upgrading, upgrading, refused("PrivateIpInUseException"), upgrading}, ClassLaneFault},
		{"our own", []Outcome{{Class: ClassRejected}, {Class: ClassRejected}, {Class: ClassRejected}, {Class: ClassRejected}, {Class: ClassRejected}}, ClassRejected},
		{"without a code", []Outcome{refused(""), refused(""), refused(""), refused(""), refused("")}, ClassLaneFault},
	} {
		var r refusals
		var got Outcome
		for _, o := range test.said {
			got = r.classify(o, "")
		}
		if got.Class != test.want || (got.Class == ClassLaneFault) != (got.Scope == ScopeLane) {
			t.Errorf("%s: %+v, want %s", test.name, got, test.want)
		}
	}
}

// A worker that has counted no refusals itself does not end another worker's suspension for an unknown code, whichever
// unknown code it gets, and whether its item's outcome is unknown or not.
func TestRefusalOfAProbe(t *testing.T) {
	t.Parallel()
	for suspendedFor, held := range map[string]bool{"": false, "AccessDenied": false, "ServiceUpgrading": true, "SystemBusy": true} {
		for _, class := range []Class{ClassRejected, ClassMismatch} {
			want := class
			if held {
				want = ClassLaneFault
			}
			got := new(refusals).classify(Outcome{Class: class, Status: 400, Code: "ServiceUpgrading"}, suspendedFor)
			if got.Class != want || got.Lookup != (held && class == ClassMismatch) {
				t.Errorf("%s, held for %q: %+v, want %s", class, suspendedFor, got, want)
			}
		}
	}
}

// An item of unknown outcome that gets the error that its lane is held for waits with the others. Its outcome stays
// unknown, and it is looked up.
func TestItemOfUnknownOutcomeWaitsForUnknownRefusals(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:error-500=#1")
	f.clock.run()
	task := f.put(testItem("a", ""))
	f.postponed(task)
	f.setFaults("create:answer:400/ServiceUpgrading")
	for i := range maxUnknown + 1 {
		_ = f.process(f.put(testItem(fmt.Sprint("vip-", i), ""))) // the lane is held from then on
	}
	looked := false
	for began := f.clock.Now(); f.clock.Now().Sub(began) < time.Hour; {
		p := f.postponement(task)
		rec := f.record("a")
		if rec.State.Terminal() || !rec.Unknown {
			t.Fatalf("%s, unknown: %v (%s %s)", rec.State, rec.Unknown, rec.Class, rec.Code)
		}
		looked = looked || rec.Lookup
		passes := max(p.After, time.Second)
		f.clock.pass(passes)
		f.sim.Advance(passes)
		f.api.SetClockOffset(f.api.ClockOffset() + passes)
	}
	if !looked {
		t.Error("it was never to be looked for")
	}
}

func TestCodesAboutItems(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{
		"PrivateIpInUseException": true, "PrivateIPNotExistException": true, "NoSuchObject": true, "BadParameters": true,
		"InappropriateJSON": true, "SubnetNotFound": true, "ResourceNotFound": true, "InvalidName": true,
		"ServiceUpgrading": false, "AccountNotExist": false, "UserNotExist": false, "InvalidRegion": false,
		"InvalidAccountStatus": false, "ServiceNotFound": false, "OperationConflict": false, "": false,
	} {
		if got := isAboutItem(code); got != want {
			t.Errorf("%q: %v", code, got)
		}
	}
}

// BCE refuses whatever it is asked, with a code that nobody knows, until it is well again: four items of a large
// batch are rejected, and the others wait.
func TestUnknownRefusalsSuspendTheLane(t *testing.T) {
	t.Parallel()
	f := newFixture(t, "create:answer:400/ServiceUpgrading")
	const n = 12
	var waiting []*asynq.Task
	for i := range n {
		task := f.put(testItem(fmt.Sprint("vip-", i), ""))
		if err := f.process(task); err != nil {
			waiting = append(waiting, task)
		}
	}
	f.noFaults()
	for _, task := range waiting {
		f.concluded(task)
	}
	counts := map[ledger.State]int{}
	for i := range n {
		counts[f.record(fmt.Sprint("vip-", i)).State]++
	}
	if counts[ledger.Rejected] != maxUnknown || counts[ledger.Created] != n-maxUnknown {
		t.Errorf("states %v", counts)
	}
}
