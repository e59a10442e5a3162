package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

var listening = regexp.MustCompile(`listening on (http://\S+)`)

func (w *stack) startSim(t *testing.T, args ...string) {
	t.Helper()
	w.sim, w.url = startSim(t, w.env, args...)
	w.env = append(w.env, "BCE_ENDPOINT="+w.url)
	w.processes = append(w.processes, w.sim)
}

func startSim(tb testing.TB, env []string, args ...string) (sim *process, url string) {
	tb.Helper()
	sim = start(tb, command{program: "bcesim", args: append([]string{"--listen", "127.0.0.1:0"}, args...), env: env})
	sim.awaitText(tb, "\n")
	match := listening.FindStringSubmatch(sim.stderr.String())
	if match == nil {
		tb.Fatalf("bcesim did not say where it listens: %s", sim.stderr)
	}
	return sim, match[1]
}

// ask reads one of the simulator's control endpoints.
func (w *stack) ask(t *testing.T, path string, into any) {
	t.Helper()
	response, err := http.Get(w.url + "/_sim/" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil {
		t.Fatalf("/_sim/%s: %v", path, err)
	}
}

// faults replaces the simulator's faults.
func (w *stack) faults(t *testing.T, spec string) {
	t.Helper()
	body, err := json.Marshal(map[string]string{"faults": spec})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(w.url+"/_sim/faults", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		t.Fatalf("set faults %q: status %d", spec, response.StatusCode)
	}
}

// made is a HaVIP of /_sim/truth.
type made struct {
	HaVIPID     string `json:"haVipId"`
	Name        string `json:"name"`
	SubnetID    string `json:"subnetId"`
	Address     string `json:"privateIpAddress"`
	ClientToken string `json:"clientToken"`
}

// call is a request of /_sim/calls.
type call struct {
	Number      int       `json:"number"`
	Operation   string    `json:"operation"`
	ClientToken string    `json:"clientToken"`
	BodySHA256  string    `json:"bodySha256"`
	Signature   string    `json:"signature"`
	Start       time.Time `json:"start"`
	End         time.Time `json:"end"`
	Status      int       `json:"status"`
	Fault       string    `json:"fault"`
	ClientGone  bool      `json:"clientGone"`
}

// stats are the counts of /_sim/stats that tests look at.
type stats struct {
	Operations   map[string]int `json:"operations"`
	Faults       map[string]int `json:"faults"`
	InFlight     int            `json:"inFlight"`
	Live         int            `json:"live"`
	AnswerLost   int            `json:"answerLost"`
	Duplicates   int            `json:"duplicates"`
	TokenTwice   int            `json:"tokenTwice"`
	Replays      int            `json:"replays"`
	Mismatches   int            `json:"mismatches"`
	WithoutToken int            `json:"withoutToken"`
	Overlaps     int            `json:"overlaps"`
	LiveOverlaps int            `json:"liveOverlaps"`
}

func (w *stack) stats(t *testing.T) stats {
	t.Helper()
	var s stats
	w.ask(t, "stats", &s)
	return s
}

func (w *stack) truth(t *testing.T) []made {
	t.Helper()
	var truth struct {
		HaVIPs []made `json:"haVips"`
	}
	w.ask(t, "truth", &truth)
	return truth.HaVIPs
}

// creates are the creates that arrived at the simulator.
func (w *stack) creates(t *testing.T) []call {
	t.Helper()
	var log struct {
		Calls []call `json:"calls"`
	}
	w.ask(t, "calls", &log)
	var creates []call
	for _, c := range log.Calls {
		if c.Operation == "create" {
			creates = append(creates, c)
		}
	}
	return creates
}

// fault is a rule of one operation for the calls with these numbers, counted from when it is set.
func fault(rule string, from, to int) string {
	rules := make([]string, 0, to-from+1)
	for n := from; n <= to; n++ {
		rules = append(rules, fmt.Sprintf("%s=#%d", rule, n))
	}
	return strings.Join(rules, ",")
}

// awaitGate waits until n calls or more wait at the simulator's gate.
func (w *stack) awaitGate(t *testing.T, n int) {
	t.Helper()
	if err := (simulator{w.url}).awaitGate(n); err != nil {
		t.Fatal(err)
	}
}

// openGate lets all calls go on that wait at the gate.
func (w *stack) openGate(t *testing.T) {
	t.Helper()
	if err := (simulator{w.url}).openGate(); err != nil {
		t.Fatal(err)
	}
}

// endFaults ends the faults of all later calls, and lets those go on that wait at the gate.
func (w *stack) endFaults(t *testing.T) {
	t.Helper()
	w.faults(t, "")
	w.openGate(t)
}

// simulator is a simulated BCE, by its URL.
type simulator struct{ url string }

// openGate lets all calls go on that wait at the gate.
func (s simulator) openGate() error {
	response, err := http.Post(s.url+"/_sim/gate", "application/json", strings.NewReader("{}"))
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// atGate is how many calls wait at the gate.
func (s simulator) atGate() (int, error) {
	response, err := http.Get(s.url + "/_sim/gate")
	if err != nil {
		return 0, err
	}
	defer func() { _ = response.Body.Close() }()
	var gate struct {
		Waiting int `json:"waiting"`
	}
	return gate.Waiting, json.NewDecoder(response.Body).Decode(&gate)
}

// awaitGate waits until n calls or more wait at the gate.
func (s simulator) awaitGate(n int) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		waiting, err := s.atGate()
		if err != nil || waiting >= n {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d calls wait at the gate, want %d, after %s", waiting, n, patience)
		}
	}
}
