package bcesim

import (
	"net/http"
	"testing"
)

// Calls wait at the gate in the order of arrival, carried out or not, until it releases them.
func TestGate(t *testing.T) {
	t.Parallel()
	for fault, done := range map[string]int{"gate-before": 0, "gate-after": 3} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			f := newSimFixture(t, Options{Faults: mustFaults(t, "create:"+fault)})
			answers := make(chan reply, 3)
			for i := range 3 {
				go func() { answers <- f.call(http.MethodPost, "/v1/havip", createBody(name(i), "sbn-a", "")) }()
				f.waitFor(func() bool { return f.sim.AtGate() == i+1 })
			}
			if n := len(f.sim.Truth().HaVIPs); n != done {
				t.Errorf("%d HaVIPs exist while all wait, want %d", n, done)
			}
			var left gateBody
			f.control(http.MethodPost, "gate", `{"open":1}`, http.StatusOK, &left)
			if left.Waiting != 2 {
				t.Errorf("%+v after one was released", left)
			}
			<-answers
			if got := f.sim.Truth().HaVIPs[0].Name; got != name(0) {
				t.Errorf("%s was released first, want %s", got, name(0))
			}
			f.control(http.MethodPost, "gate", `{}`, http.StatusOK, &left)
			if left.Waiting != 0 {
				t.Errorf("%+v after all were released", left)
			}
			for range 2 {
				if got := <-answers; got.status != http.StatusOK {
					t.Errorf("%+v", got)
				}
			}
			f.control(http.MethodPost, "gate", `{"open":-1}`, http.StatusBadRequest, nil)
			f.control(http.MethodPost, "gate", `{"open":"all"}`, http.StatusBadRequest, nil)
			f.control(http.MethodGet, "gate", "", http.StatusOK, &left)
		})
	}
}

// Closing the simulator opens the gate permanently.
func TestGateEndsWithTheServer(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{Faults: mustFaults(t, "create:gate-before,create:gate-after")})
	answer := make(chan reply, 1)
	go func() { answer <- f.call(http.MethodPost, "/v1/havip", createBody("a", "sbn-a", "")) }()
	f.waitFor(func() bool { return f.sim.AtGate() == 1 })
	f.sim.Close()
	if got := <-answer; got.status != http.StatusOK {
		t.Errorf("%+v", got)
	}
}
