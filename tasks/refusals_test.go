package tasks

import (
	"fmt"
	"testing"

	"github.com/hibiken/asynq"

	"havip/ledger"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	refused := func(code string) Outcome { return Outcome{Class: ClassRejected, Status: 400, Code: code} }
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
		{"another code", []Outcome{upgrading, upgrading, upgrading, upgrading, refused("Strange"), upgrading}, ClassRejected},
		{"about the item", []Outcome{refused("BadParameters"), refused("BadParameters"), refused("BadParameters"), refused("BadParameters"), refused("BadParameters")}, ClassRejected},
		{"a known code between", []Outcome{upgrading, upgrading, upgrading, upgrading, refused("PrivateIpInUseException"), upgrading}, ClassLaneFault},
		{"our own", []Outcome{{Class: ClassRejected}, {Class: ClassRejected}, {Class: ClassRejected}, {Class: ClassRejected}, {Class: ClassRejected}}, ClassRejected},
		{"without a code", []Outcome{refused(""), refused(""), refused(""), refused(""), refused("")}, ClassLaneFault},
	} {
		var r refusals
		var got Outcome
		for _, o := range test.said {
			got = r.judge(o, "")
		}
		if got.Class != test.want || (got.Class == ClassLaneFault) != (got.Scope == ScopeLane) {
			t.Errorf("%s: %+v, want %s", test.name, got, test.want)
		}
	}
}

// What a worker tries that has counted nothing itself does not end the hold of another.
func TestRefusalOfAProbe(t *testing.T) {
	t.Parallel()
	refused := Outcome{Class: ClassRejected, Status: 400, Code: "ServiceUpgrading"}
	for heldFor, want := range map[string]Class{"": ClassRejected, "AccessDenied": ClassRejected, "ServiceUpgrading": ClassLaneFault} {
		if got := new(refusals).judge(refused, heldFor).Class; got != want {
			t.Errorf("held for %q: %s, want %s", heldFor, got, want)
		}
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
func TestUnknownRefusalsHoldTheLane(t *testing.T) {
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
	if counts[ledger.Rejected] != mostUnknown || counts[ledger.Created] != n-mostUnknown {
		t.Errorf("states %v", counts)
	}
}
