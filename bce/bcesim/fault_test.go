package bcesim

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Each fault over a real connection: what the caller sees, and what has been done.
func TestFaults(t *testing.T) {
	t.Parallel()
	status := func(status int, code string) func(*testing.T, reply) {
		return func(t *testing.T, got reply) {
			t.Helper()
			if got.err != nil || got.status != status || got.code(t) != code {
				t.Errorf("%+v, want %d %s", got, status, code)
			}
		}
	}
	page := func(t *testing.T, got reply) {
		t.Helper()
		if got.status != 502 || !strings.Contains(got.body, "<html>") || got.header.Get("Content-Type") != "text/html" {
			t.Errorf("%+v, want a 502 page", got)
		}
		if id := got.header.Get("X-Bce-Request-Id"); id != "" {
			t.Errorf("a gateway gave the request ID %s", id)
		}
	}
	reset := func(t *testing.T, got reply) {
		t.Helper()
		if !errors.Is(got.err, syscall.ECONNRESET) {
			t.Errorf("%+v, want a reset", got)
		}
	}
	body200 := func(want string) func(*testing.T, reply) {
		return func(t *testing.T, got reply) {
			t.Helper()
			if got.err != nil || got.status != 200 || got.body != want {
				t.Errorf("%+v, want 200 %q", got, want)
			}
		}
	}
	retryAfter := func(want string) func(*testing.T, reply) {
		return func(t *testing.T, got reply) {
			t.Helper()
			status(429, CodeRateLimit)(t, got)
			if got.header.Get("Retry-After") != want {
				t.Errorf("Retry-After %q, want %q", got.header.Get("Retry-After"), want)
			}
		}
	}
	for _, tt := range []struct {
		fault  string
		done   bool
		logged int
		check  func(*testing.T, reply)
	}{
		{"error-500", false, 500, status(500, CodeInternalError)},
		{"error-503", false, 503, status(503, CodeServiceUnavailable)},
		{"html-502", false, 502, page},
		{"429", false, 429, retryAfter("")},
		{"429=x1:1500ms", false, 429, retryAfter("2")},
		{"answer:403/AccessDenied", false, 403, status(403, CodeAccessDenied)},
		{"refuse", false, 0, reset},
		{"commit-500", true, 500, status(500, CodeInternalError)},
		{"commit-503", true, 503, status(503, CodeServiceUnavailable)},
		{"commit-reset", true, 0, reset},
		{"commit-truncated", true, 200, func(t *testing.T, got reply) {
			t.Helper()
			if got.status != 200 || !errors.Is(got.err, io.ErrUnexpectedEOF) || got.body == "" {
				t.Errorf("%+v, want a body cut short", got)
			}
		}},
		{"commit-empty", true, 200, body200("")},
		{"commit-braces", true, 200, body200("{}")},
		{"commit-html-502", true, 502, page},
		{"skew:45m", false, 400, func(t *testing.T, got reply) {
			t.Helper()
			status(400, CodeRequestExpired)(t, got)
			if want := epoch.Add(45 * time.Minute).Format(http.TimeFormat); got.header.Get("Date") != want {
				t.Errorf("Date %q, want the skewed clock's %q", got.header.Get("Date"), want)
			}
		}},
	} {
		t.Run(tt.fault, func(t *testing.T) {
			t.Parallel()
			f := newSimFixture(t, Options{Faults: mustFaults(t, "create:"+tt.fault)})
			got := f.call(http.MethodPost, "/v1/havip?clientToken=t", createBody("a", "sbn-a", ""))
			tt.check(t, got)
			f.waitFor(func() bool { return f.sim.Stats().Calls == 1 })
			kind, _, _ := strings.Cut(tt.fault, ":")
			kind, _, _ = strings.Cut(kind, "=")
			call := f.sim.Calls()[0]
			if call.Fault != kind || call.Status != tt.logged {
				t.Errorf("logged %+v, want %s and %d", call, kind, tt.logged)
			}
			made := f.sim.Truth().HaVIPs
			if (len(made) == 1) != tt.done {
				t.Fatalf("%d HaVIPs, want done %t", len(made), tt.done)
			}
			if err := f.sim.SetFaults(Faults{}); err != nil {
				t.Fatal(err)
			}
			id := f.created("t", createBody("a", "sbn-a", ""))
			if tt.done && (made[0].HaVIPID != id || string(made[0].Fault) != kind || call.HaVIPID != id) {
				t.Errorf("made %+v by %+v, then %s", made[0], call, id)
			}
			if len(f.sim.Truth().HaVIPs) != 1 {
				t.Error("the token made a second HaVIP")
			}
		})
	}
}

// A create whose client gives up while it stalls still happens, after the client's next.
func TestStallOutlastsItsClient(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{Faults: mustFaults(t, "create:stall-before=#1:1h")})
	ctx, hangUp := context.WithCancel(t.Context())
	r := f.request(http.MethodPost, "/v1/havip?clientToken=t", createBody("a", "sbn-a", ""))
	signRequest(t, r, f.key, f.secret, f.clock.Now())
	gone := make(chan reply, 1)
	go func() { gone <- f.send(r.WithContext(ctx)) }()
	f.waitFor(func() bool { return f.sim.Stats().InFlight == 1 })
	hangUp()
	if got := <-gone; !errors.Is(got.err, context.Canceled) {
		t.Fatalf("%+v", got)
	}
	f.waitFor(f.clientLeft)
	id := f.created("t", createBody("a", "sbn-a", ""))
	f.sim.Close()
	f.waitFor(func() bool { return f.sim.Stats().InFlight == 0 })
	first := f.sim.Calls()[0]
	if first.HaVIPID != id || !first.Replayed || !first.ClientGone {
		t.Errorf("%+v, want it carried out late, with %s", first, id)
	}
}

func TestStallAfter(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{Faults: mustFaults(t, "create:stall-after:1h,create:stall-before:1ms,create:commit-500=#1")})
	got := make(chan reply, 1)
	go func() { got <- f.call(http.MethodPost, "/v1/havip", createBody("a", "sbn-a", "")) }()
	f.waitFor(func() bool { return len(f.sim.Truth().HaVIPs) == 1 })
	if stats := f.sim.Stats(); stats.InFlight != 1 || stats.AnswerLost != 1 {
		t.Errorf("%+v", stats)
	}
	f.sim.Close()
	if got := <-got; got.status != 500 {
		t.Errorf("%+v", got)
	}
	if fault := f.sim.Calls()[0].Fault; fault != "stall-after+stall-before+commit-500" {
		t.Errorf("logged %s", fault)
	}
}

// What is refused has no answer worth losing.
func TestCommitFaultOfARefusedCall(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{Faults: mustFaults(t, "create:commit-500")})
	f.wants(http.MethodPost, "/v1/havip", createBody("1", "sbn-a", ""), 400, CodeInappropriateJSON)
	if fault := f.sim.Calls()[0].Fault; fault != "" {
		t.Errorf("logged %s", fault)
	}
}

func TestFaultsChoose(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{Faults: mustFaults(t, "create:error-503=#2,create:error-500=x2,list:html-502=#1,*:429=#6")})
	var got []string
	for i := range 6 {
		got = append(got, strconv.Itoa(f.call(http.MethodPost, "/v1/havip", createBody(name(i), "sbn-a", "")).status))
	}
	got = append(got, strconv.Itoa(f.call(http.MethodGet, "/v1/havip", "").status))
	if want := "500 503 500 200 200 429 502"; strings.Join(got, " ") != want {
		t.Errorf("%s, want %s", strings.Join(got, " "), want)
	}
	if err := f.sim.AddFaults(Rule{Operation: Create, Kind: FaultError500, Next: 1}); err != nil {
		t.Fatal(err)
	}
	if got := f.call(http.MethodPost, "/v1/havip", createBody("x", "sbn-a", "")).status; got != 500 {
		t.Errorf("an added rule: %d", got)
	}
	if err := f.sim.AddFaults(Rule{Operation: Create, Kind: "x"}); err == nil {
		t.Error("a rule without sense was added")
	}
	if err := f.sim.SetFaults(Faults{Rules: []Rule{{Operation: "x", Kind: FaultRefuse}}}); err == nil {
		t.Error("a rule without sense was set")
	}
}

func TestProbability(t *testing.T) {
	t.Parallel()
	const calls = 20000
	hits := func(seed string) (pattern []bool, share float64) {
		d := newDirector(mustFaults(t, "seed="+seed+",create:429=0.1"))
		for range calls {
			hit := d.plan(Create).outcome != nil
			if pattern = append(pattern, hit); hit {
				share += 1.0 / calls
			}
		}
		return pattern, share
	}
	one, share := hits("1")
	if math.Abs(share-0.1) > 0.01 {
		t.Errorf("0.1 hits %.3f of the calls", share)
	}
	again, _ := hits("1")
	other, _ := hits("2")
	same, different := true, 0
	for i := range one {
		same = same && one[i] == again[i]
		if one[i] != other[i] {
			different++
		}
	}
	if !same {
		t.Error("one seed hits different calls in two runs")
	}
	if different < calls/10 {
		t.Errorf("another seed hits but %d calls differently", different)
	}
}

func TestParseFaults(t *testing.T) {
	t.Parallel()
	spec := "seed=7,create:commit-500=0.1,create:stall-before=0.05:2s,*:429=0.02,*:429=x3:5s,delete:refuse=#2,list:html-502,get:answer=x1:403/AccessDenied,*:skew:-45m0s"
	faults := mustFaults(t, spec)
	if faults.Seed != 7 || len(faults.Rules) != 8 {
		t.Errorf("%+v", faults)
	}
	if want := (Rule{Operation: Create, Kind: FaultStallBefore, Probability: 0.05, Duration: 2 * time.Second}); faults.Rules[1] != want {
		t.Errorf("%+v, want %+v", faults.Rules[1], want)
	}
	if got := faults.String(); got != spec {
		t.Errorf("%s, want %s", got, spec)
	}
	for spec, want := range map[string]string{
		"x":                          `fault "x": want OPERATION:FAULT`,
		"seed=x":                     `seed "x"`,
		"make:429":                   `no such operation "make"`,
		"create:comit-500=0.1":       `no such fault "comit-500"; there are error-500`,
		"create:429=2":               `when "2"`,
		"create:429=0":               `when "0"`,
		"create:429=NaN":             `when "NaN"`,
		"create:429=#0":              `call "#0"`,
		"create:429=#x":              `call "#x"`,
		"create:429=x":               `count "x"`,
		"create:429=":                `when ""`,
		"create:429:soon":            `duration "soon"`,
		"create:429:-1s":             "negative",
		"create:stall-before":        "stall-before takes a duration",
		"create:stall-before:0s":     `duration "0s"`,
		"create:commit-500:2s":       `takes no argument, got "2s"`,
		"create:answer:x":            `answer "x"`,
		"create:answer:200/OK":       "400 to 599",
		"seed=1,create:429,get:oops": `fault "get:oops"`,
	} {
		if _, err := ParseFaults(spec); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want something with %s", spec, err, want)
		}
	}
}

func TestFaultHelpNamesAll(t *testing.T) {
	t.Parallel()
	help := FaultHelp()
	for _, known := range faultKinds {
		if !strings.Contains(help, "  "+string(known.kind)) || known.help == "" {
			t.Errorf("%s is not explained", known.kind)
		}
	}
}

func TestRuleValidate(t *testing.T) {
	t.Parallel()
	for want, rule := range map[string]Rule{
		"only one":     {Operation: Create, Kind: FaultRefuse, Number: 1, Next: 1},
		"probability":  {Operation: Create, Kind: FaultRefuse, Probability: 1.5},
		"count from 1": {Operation: Create, Kind: FaultRefuse, Number: -1},
		"no such op":   {Operation: Unrouted, Kind: FaultRefuse},
	} {
		if err := rule.validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", rule, err, want)
		}
	}
}

// What parses is written back as text of the same meaning.
func FuzzParseFaults(f *testing.F) {
	f.Add("seed=7,create:commit-500=0.1,create:stall-before=0.05:2s,*:429=0.02")
	f.Add("get:answer=x1:403/AccessDenied,*:skew:-45m,delete:refuse=#2")
	f.Add("create:answer:403/a:b,, ,")
	f.Fuzz(func(t *testing.T, spec string) {
		faults, err := ParseFaults(spec)
		if err != nil {
			return
		}
		if err := faults.Validate(); err != nil {
			t.Fatalf("%q parses, but %v", spec, err)
		}
		again, err := ParseFaults(faults.String())
		if err != nil || again.String() != faults.String() {
			t.Errorf("%q became %q, then %q (%v)", spec, faults, again, err)
		}
	})
}
