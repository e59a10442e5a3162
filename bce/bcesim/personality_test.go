package bcesim

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestReplayRefusals(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{Personality: Personality{ReplayRefusals: true}})
	holder := f.created("", createBody("holder", "sbn-a", "10.0.0.9"))
	body := createBody("a", "sbn-a", "10.0.0.9")
	f.wants(http.MethodPost, "/v1/havip?clientToken=t", body, 400, CodePrivateIPInUse)
	f.wants(http.MethodDelete, "/v1/havip/"+holder, "", 200, "")
	f.wants(http.MethodPost, "/v1/havip?clientToken=t", body, 400, CodePrivateIPInUse)
	f.created("u", body)
}

// A failure in the operation is its token's result from then on; an earlier refusal is not.
func TestReplayFailures(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{
		Personality: Personality{ReplayRefusals: true},
		Faults:      mustFaults(t, "create:fail=#1:500/Broken,create:answer=#3:403/AccessDenied"),
	})
	body := createBody("a", "sbn-a", "")
	for range 2 {
		f.wants(http.MethodPost, "/v1/havip?clientToken=t", body, 500, "Broken")
	}
	f.wants(http.MethodPost, "/v1/havip?clientToken=u", body, 403, CodeAccessDenied)
	f.created("u", body)
	calls := f.sim.Calls()
	if calls[0].Fault != "fail" || calls[1].Fault != "" || !calls[1].Replayed {
		t.Errorf("%+v", calls[:2])
	}
}

func TestFailuresAreNotRemembered(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{Faults: mustFaults(t, "create:fail=#2:500/Broken")})
	// A call refused before the operation does not fail in it.
	f.wants(http.MethodPost, "/v1/havip?clientToken=t&clientToken=t", "", 400, CodeInvalidHTTPRequest)
	body := createBody("a", "sbn-a", "")
	f.wants(http.MethodPost, "/v1/havip?clientToken=t", body, 500, "Broken")
	f.created("t", body)
}

// A token that was not received for 24 hours is a new one, or permanently dead.
func TestExpiredTokens(t *testing.T) {
	t.Parallel()
	for expired, code := range map[Expiry]string{ExpiredNew: "", ExpiredMismatch: CodeIdempotentMismatch} {
		t.Run(string(expired), func(t *testing.T) {
			t.Parallel()
			f := newSimFixture(t, Options{Personality: Personality{Expired: expired}})
			body := createBody("a", "sbn-a", "")
			first := f.created("t", body)
			f.clock.Advance(24 * time.Hour)
			if again := f.created("t", body); again != first {
				t.Errorf("within 24 hours the token made %s", again)
			}
			f.clock.Advance(24*time.Hour + time.Second)
			status := map[string]int{"": 200, CodeIdempotentMismatch: 403}[code]
			for range 2 {
				f.wants(http.MethodPost, "/v1/havip?clientToken=t", body, status, code)
			}
			f.created("u", body)
		})
	}
}

// A request that waits while the clock is advanced is not a day old.
func TestTokenAgeIsOfTheReceipt(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	receive := func() *exchange {
		return &exchange{call: Call{Operation: Create, ClientToken: "t", Start: s.Now()}}
	}
	made := 0
	carryOut := func(*exchange) result {
		made++
		return result{}
	}
	first, waiting := receive(), receive()
	s.once(first, carryOut)
	s.Advance(25 * time.Hour)
	if !s.once(waiting, carryOut).replayed || made != 1 {
		t.Errorf("carried out %d times", made)
	}
	if s.once(receive(), carryOut).replayed {
		t.Error("a day later the token is still known")
	}
}

func TestCompareByValue(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{Personality: Personality{CompareByValue: true}})
	first := f.created("t", `{"name":"a","subnetId":"sbn-a","privateIpAddress":""}`)
	if again := f.created("t", `{"subnetId":"sbn-a", "privateIpAddress":"", "name":"\u0061"}`); again != first {
		t.Errorf("equal JSON made %s and %s", first, again)
	}
	f.wants(http.MethodPost, "/v1/havip?clientToken=t", createBody("b", "sbn-a", ""), 403, CodeIdempotentMismatch)
}

func TestTokenScopes(t *testing.T) {
	t.Parallel()
	for scope, want := range map[Scope]struct{ otherAccount, otherPath string }{
		ScopeAccount: {"", CodeIdempotentMismatch},
		ScopeGlobal:  {CodeIdempotentMismatch, CodeIdempotentMismatch},
		ScopePath:    {"", ""},
	} {
		t.Run(string(scope), func(t *testing.T) {
			t.Parallel()
			f := newSimFixture(t, Options{
				Personality: Personality{TokenScope: scope},
				Credentials: []Credential{{AccessKeyID: "one", SecretAccessKey: "1"}, {AccessKeyID: "two", SecretAccessKey: "2"}},
			})
			status := map[string]int{"": 200, CodeIdempotentMismatch: 403}
			f.key, f.secret = "one", "1"
			id := f.created("t", createBody("a", "sbn-a", ""))
			f.wants(http.MethodDelete, "/v1/havip/"+id+"?clientToken=t", "", status[want.otherPath], want.otherPath)
			f.key, f.secret = "two", "2"
			f.wants(http.MethodPost, "/v1/havip?clientToken=t", createBody("b", "sbn-a", ""), status[want.otherAccount], want.otherAccount)
		})
	}
}

func TestListLag(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{Personality: Personality{ListLag: 30 * time.Second}})
	id := f.created("", createBody("a", "sbn-a", ""))
	listed := func() bool {
		return strings.Contains(f.wants(http.MethodGet, "/v1/havip", "", 200, "").body, id)
	}
	f.clock.Advance(29 * time.Second)
	if listed() {
		t.Error("listed before the lag has passed")
	}
	f.get(id)
	f.clock.Advance(time.Second)
	if !listed() {
		t.Error("not listed after the lag")
	}
}

// A skewed clock sets the creation time, but does not change how long list hides the HaVIP.
func TestListLagUnderSkew(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{Personality: Personality{ListLag: 30 * time.Second}, Faults: mustFaults(t, "create:skew:20m")})
	id := f.created("", createBody("a", "sbn-a", ""))
	f.clock.Advance(30 * time.Second)
	if !strings.Contains(f.wants(http.MethodGet, "/v1/havip", "", 200, "").body, id) {
		t.Error("not listed after the lag")
	}
}

// Codes and Statuses apply independently, keyed by the simulator's code, and to faults' answers too.
func TestRewording(t *testing.T) {
	t.Parallel()
	p, err := ParsePersonality("code.RateLimit=Busy,status.RateLimit=503,status.IdempotentParameterMismatch=400")
	if err != nil {
		t.Fatal(err)
	}
	f := newSimFixture(t, Options{Personality: p, Faults: mustFaults(t, "create:429=#1")})
	body := createBody("a", "sbn-a", "")
	f.wants(http.MethodPost, "/v1/havip?clientToken=t", body, 503, "Busy")
	f.created("t", body)
	f.wants(http.MethodPost, "/v1/havip?clientToken=t", createBody("b", "sbn-a", ""), 400, CodeIdempotentMismatch)
	if stats := f.sim.Stats(); stats.Statuses[503] != 1 || stats.Codes["Busy"] != 1 {
		t.Errorf("%+v", stats)
	}
}

func TestNotFoundStatusAndCodes(t *testing.T) {
	t.Parallel()
	p, err := ParsePersonality("not-found=400,code.NoSuchObject=HaVipGone")
	if err != nil {
		t.Fatal(err)
	}
	f := newSimFixture(t, Options{Personality: p})
	f.wants(http.MethodGet, "/v1/havip/havip-none", "", 400, "HaVipGone")
}

// The second call with a token waits, or is refused, while the first is still being
// answered, although its HaVIP exists already.
func TestConcurrentRefuseAndBlock(t *testing.T) {
	t.Parallel()
	for concurrent, code := range map[Concurrency]string{ConcurrentRefuse: CodeRequestInProgress, ConcurrentBlock: ""} {
		t.Run(string(concurrent), func(t *testing.T) {
			t.Parallel()
			f := newSimFixture(t, Options{
				Personality: Personality{Concurrent: concurrent},
				Faults:      mustFaults(t, "create:stall-after=#1:1h"),
			})
			body := createBody("a", "sbn-a", "")
			target := "/v1/havip?clientToken=t"
			first := make(chan reply, 1)
			go func() { first <- f.call(http.MethodPost, target, body) }()
			f.waitFor(func() bool { return len(f.sim.Truth().HaVIPs) == 1 })
			second := make(chan reply, 1)
			go func() { second <- f.call(http.MethodPost, target, body) }()
			var got reply
			if concurrent == ConcurrentRefuse {
				got = <-second
				f.sim.Close()
			} else {
				f.waitFor(func() bool { return f.sim.Stats().Overlaps == 1 })
				f.sim.Close()
				got = <-second
			}
			if code != "" && (got.status != 409 || got.code(t) != code) {
				t.Errorf("second: %d %s, want %s", got.status, got.body, code)
			}
			if one := <-first; one.status != 200 || code == "" && one.body != got.body {
				t.Errorf("first %+v, second %+v", one, got)
			}
		})
	}
}

func TestParsePersonality(t *testing.T) {
	t.Parallel()
	got, err := ParsePersonality("replay-refusals, concurrent=block,compare=value,scope=path,expired=mismatch," +
		"list-lag=30s,not-found=400,code.A=B,code.C=D,status.A=409")
	want := Personality{
		ReplayRefusals: true, Concurrent: ConcurrentBlock, CompareByValue: true, TokenScope: ScopePath,
		Expired: ExpiredMismatch, ListLag: 30 * time.Second, NotFoundStatus: 400,
		Codes: map[string]string{"A": "B", "C": "D"}, Statuses: map[string]int{"A": 409},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	for _, spec := range []string{
		"x", "concurrent=x", "compare=x", "scope=x", "list-lag=x", "list-lag=-1s", "not-found=x", "not-found=200",
		"code.=B", "code.A=", "replay-refusals=yes", "expired=x", "status.A=x", "status.A=", "status.A=200", "status.A=600", "word.A=B",
	} {
		if _, err := ParsePersonality(spec); err == nil {
			t.Errorf("%s: no error", spec)
		}
	}
}
