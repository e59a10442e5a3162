package bcesim

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestTruthAndCalls(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{})
	body := createBody("a", "sbn-a", "")
	id := f.created("t", body)
	f.clock.Advance(time.Minute)
	f.wants(http.MethodDelete, "/v1/havip/"+id, "", 200, "")
	sum := sha256.Sum256([]byte(body))
	want := Record{
		HaVIPID: id, Account: SandboxKey, Name: "a", VPCID: "vpc-a", SubnetID: "sbn-a",
		PrivateIP: f.sim.Truth().HaVIPs[0].PrivateIP, ClientToken: "t", BodySHA256: hex.EncodeToString(sum[:]),
		Call: 1, CreatedAt: epoch, DeletedAt: epoch.Add(time.Minute), DeletedBy: 2,
	}
	if got := f.sim.Truth().HaVIPs[0]; got != want {
		t.Errorf("%+v\nwant\n%+v", got, want)
	}
	if live := f.sim.Truth().Live(); len(live) != 0 {
		t.Errorf("live %+v", live)
	}
	f.waitFor(func() bool { return f.sim.Stats().Calls == 2 })
	call := f.sim.CallsOf(Create)[0]
	if call.Signature == "" || call.RequestID == "" {
		t.Errorf("%+v", call)
	}
	wantCall := Call{
		Number: 1, Operation: Create, Method: http.MethodPost, Path: "/v1/havip", Query: "clientToken=t", ClientToken: "t",
		BodySHA256: want.BodySHA256, AccessKeyID: SandboxKey, Date: epoch.Format(authTime), Signature: call.Signature,
		Start: epoch, End: epoch, Status: 200, RequestID: call.RequestID, HaVIPID: id,
	}
	if call != wantCall {
		t.Errorf("%+v\nwant\n%+v", call, wantCall)
	}
}

func TestCallLogIsBounded(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{CallLog: 3})
	for range 8 {
		f.wants(http.MethodGet, "/v1/havip", "", 200, "")
	}
	f.waitFor(func() bool { return f.sim.Stats().Calls == 8 })
	calls := f.sim.Calls()
	if len(calls) != 3 || calls[0].Number != 6 || calls[2].Number != 8 {
		t.Errorf("%+v", calls)
	}
}

func TestOnCall(t *testing.T) {
	t.Parallel()
	calls := make(chan Call, 1)
	f := newSimFixture(t, Options{OnCall: func(c Call) { calls <- c }})
	f.wants(http.MethodGet, "/v1/havip/havip-none", "", 404, CodeNoSuchObject)
	if c := <-calls; c.Status != 404 || c.Code != CodeNoSuchObject || c.Operation != Get || c.End.IsZero() {
		t.Errorf("%+v", c)
	}
}

// Three calls with one token at once are two overlaps; calls one after the other are none.
func TestOverlaps(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{Faults: mustFaults(t, "create:stall-before=x3:1h")})
	done := make(chan []reply, 1)
	go func() {
		done <- together(3, func(int) reply {
			return f.call(http.MethodPost, "/v1/havip?clientToken=t", createBody("a", "sbn-a", ""))
		})
	}()
	f.waitFor(func() bool { return f.sim.Stats().InFlight == 3 })
	f.created("u", createBody("b", "sbn-a", "")) // another token overlaps with nobody
	f.sim.Close()
	<-done
	f.created("t", createBody("a", "sbn-a", ""))
	if stats := f.sim.Stats(); stats.Overlaps != 2 || stats.LiveOverlaps != 2 {
		t.Errorf("%d overlaps, %d live; want 2 and 2", stats.Overlaps, stats.LiveOverlaps)
	}
}

// A client that has left its first call did not send two at once, though the server still
// has both.
func TestOverlapWithACallWhoseClientLeft(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{Faults: mustFaults(t, "create:stall-before=#1:1h")})
	ctx, hangUp := context.WithCancel(t.Context())
	r := f.request(http.MethodPost, "/v1/havip?clientToken=t", createBody("a", "sbn-a", ""))
	signRequest(t, r, f.key, f.secret, f.clock.Now())
	gone := make(chan reply, 1)
	go func() { gone <- f.send(r.WithContext(ctx)) }()
	f.waitFor(func() bool { return f.sim.Stats().InFlight == 1 })
	hangUp()
	<-gone
	f.waitFor(f.clientLeft)
	f.created("t", createBody("a", "sbn-a", ""))
	f.sim.Close()
	f.waitFor(func() bool { return f.sim.Stats().InFlight == 0 })
	if stats := f.sim.Stats(); stats.Overlaps != 1 || stats.LiveOverlaps != 0 {
		t.Errorf("%d overlaps, %d live; want 1 and 0", stats.Overlaps, stats.LiveOverlaps)
	}
}

// clientLeft says whether every call under way has lost its client.
func (f *simFixture) clientLeft() bool {
	f.sim.mu.Lock()
	defer f.sim.mu.Unlock()
	for _, flights := range f.sim.flights {
		for _, flight := range flights {
			if flight.left.IsZero() {
				return false
			}
		}
	}
	return true
}

// control posts or gets without a signature.
func (f *simFixture) control(method, path, body string, status int, into any) {
	f.t.Helper()
	got := f.send(f.request(method, ControlPrefix+path, body))
	if got.err != nil || got.status != status {
		f.t.Fatalf("%s %s: %d %s %v, want %d", method, path, got.status, got.body, got.err, status)
	}
	if into != nil {
		decode(f.t, got, into)
	}
}

func TestControl(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{})
	id := f.created("t", createBody("a", "sbn-a", ""))
	f.waitFor(func() bool { return f.sim.Stats().Calls == 1 })

	var truth Truth
	f.control(http.MethodGet, "truth", "", 200, &truth)
	if len(truth.HaVIPs) != 1 || truth.HaVIPs[0].HaVIPID != id {
		t.Errorf("truth %+v", truth)
	}
	var calls callsBody
	f.control(http.MethodGet, "calls", "", 200, &calls)
	if len(calls.Calls) != 1 || calls.Calls[0].HaVIPID != id {
		t.Errorf("calls %+v", calls)
	}
	f.control(http.MethodGet, "calls?after=1", "", 200, &calls)
	if len(calls.Calls) != 0 {
		t.Errorf("calls after the last %+v", calls)
	}
	var stats Stats
	f.control(http.MethodGet, "stats", "", 200, &stats)
	if stats.Live != 1 || stats.Operations[Create] != 1 || stats.Statuses[200] != 1 {
		t.Errorf("stats %+v", stats)
	}
	var clock clockBody
	f.control(http.MethodPost, "clock", `{"advance":"25h"}`, 200, &clock)
	if !clock.Now.Equal(epoch.Add(25*time.Hour)) || !f.sim.Now().Equal(clock.Now) {
		t.Errorf("clock %s", clock.Now)
	}
	f.wants(http.MethodGet, "/v1/havip", "", 400, CodeRequestExpired)
	f.control(http.MethodPost, "clock", `{"set":"2026-03-01T12:00:00Z"}`, 200, &clock)
	f.control(http.MethodGet, "clock", "", 200, &clock)
	if !clock.Now.Equal(epoch) {
		t.Errorf("clock %s", clock.Now)
	}
	var faults faultsBody
	f.control(http.MethodPost, "faults", `{"faults":"list:error-500=x1"}`, 200, &faults)
	f.control(http.MethodPost, "faults?add", `{"faults":"get:error-503"}`, 200, &faults)
	f.control(http.MethodGet, "faults", "", 200, &faults)
	if faults.Faults != "list:error-500=x1,get:error-503" {
		t.Errorf("faults %s", faults.Faults)
	}
	f.wants(http.MethodGet, "/v1/havip", "", 500, CodeInternalError)
	f.control(http.MethodPost, "faults", `{"faults":""}`, 200, &faults)
	if faults.Faults != "" {
		t.Errorf("faults %s", faults.Faults)
	}
}

func TestControlMistakes(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{})
	for path, bodies := range map[string][]string{
		"faults": {"", `{"fault":"x"}`, `{"faults":"x"}`},
		"clock":  {"", `{}`, `{"advance":"x"}`, `{"advance":"1h","set":"2026-03-01T12:00:00Z"}`},
	} {
		for _, body := range bodies {
			f.control(http.MethodPost, path, body, 400, nil)
		}
	}
	f.control(http.MethodGet, "calls?after=x", "", 400, nil)
	f.control(http.MethodGet, "none", "", 404, nil)
	f.control(http.MethodPost, "truth", "", 405, nil)
}

func TestControlIsForLoopback(t *testing.T) {
	t.Parallel()
	sim := New(Options{})
	for _, tt := range []struct {
		remote, host string
		status       int
	}{
		{"127.0.0.1:5", "127.0.0.1:8645", 200},
		{"[::1]:5", "[::1]:8645", 200},
		{"127.0.0.1:5", "localhost:8645", 200},
		{"127.0.0.1:5", "localhost", 200},
		{"192.0.2.1:5", "127.0.0.1:8645", 403},
		{"127.0.0.1:5", "rebound.example:8645", 403},
		{"", "127.0.0.1", 403},
	} {
		r := httptest.NewRequest(http.MethodGet, ControlPrefix+"stats", nil)
		r.RemoteAddr, r.Host = tt.remote, tt.host
		w := httptest.NewRecorder()
		sim.ServeHTTP(w, r)
		if w.Code != tt.status {
			t.Errorf("from %s to %s: %d, want %d", tt.remote, tt.host, w.Code, tt.status)
		}
	}
}

// Where there is no connection to reset, the handler aborts, and the call still ends.
func TestResetWithoutAConnection(t *testing.T) {
	t.Parallel()
	sim := New(Options{Faults: mustFaults(t, "list:refuse")})
	defer func() {
		if got := recover(); got != http.ErrAbortHandler { //nolint:errorlint // a panic's value, not an error chain
			t.Errorf("recovered %v", got)
		}
		if stats := sim.Stats(); stats.InFlight != 0 || stats.Faults["refuse"] != 1 {
			t.Errorf("%+v", stats)
		}
	}()
	sim.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/v1/havip", strings.NewReader("")))
}

// BenchmarkCreate is the whole call, signature included, without a network.
func BenchmarkCreate(b *testing.B) {
	sim := New(Options{CallLog: 1000})
	for i := 0; b.Loop(); i++ {
		r := httptest.NewRequest(http.MethodPost, "/v1/havip?clientToken="+name(i),
			strings.NewReader(createBody(name(i), "sbn-"+name(i/60000), "")))
		r.Header.Set("X-Bce-Date", time.Now().UTC().Format(authTime))
		stamp := time.Now().UTC().Format(authTime)
		canonical, _ := canonicalRequest(r, []string{"host"})
		auth := authorization{accessKeyID: SandboxKey, timestampText: stamp, expirationText: "1800"}
		r.Header.Set("Authorization", "bce-auth-v1/sandbox/"+stamp+"/1800/host/"+auth.sign(SandboxKey, canonical))
		w := httptest.NewRecorder()
		if sim.ServeHTTP(w, r); w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}

// A client that sends again only after its last call has ended overlaps with nobody, however
// that call ended and however quickly it is back.
func TestNoOverlapInSequence(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{Faults: mustFaults(t, "seed=3,create:commit-reset=0.3,create:commit-500=0.2,create:refuse=0.1,create:commit-truncated=0.2")})
	for i := range 300 {
		f.call(http.MethodPost, "/v1/havip?clientToken="+name(i/5), createBody(name(i/5), "sbn-a", ""))
	}
	if stats := f.sim.Stats(); stats.Overlaps != 0 || stats.Duplicates != 0 || stats.Replays == 0 {
		t.Errorf("%+v", stats)
	}
}

// A request that breaks off in its body is no request: it ends without an answer, undone.
func TestBodyBreaksOff(t *testing.T) {
	t.Parallel()
	f := newSimFixture(t, Options{Faults: mustFaults(t, "create:commit-500")})
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(f.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "POST /v1/havip HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	f.waitFor(func() bool { return f.sim.Stats().InFlight == 1 })
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	f.waitFor(func() bool { return f.sim.Stats().Calls == 1 })
	if call := f.sim.Calls()[0]; call.Status != 0 || call.Fault != "" || len(f.sim.Truth().HaVIPs) != 0 {
		t.Errorf("%+v", call)
	}
}

// A reset call ends before its client learns of it: a client that calls again at once overlaps with nothing.
func TestResetEndsFirst(t *testing.T) {
	t.Parallel()
	replied := make(chan struct{})
	early := make(chan bool, 1)
	f := newSimFixture(t, Options{
		Faults: mustFaults(t, "create:commit-reset"),
		OnCall: func(Call) {
			select {
			case <-replied:
				early <- true
			case <-time.After(50 * time.Millisecond):
				early <- false
			}
		},
	})
	f.call(http.MethodPost, "/v1/havip", createBody("a", "sbn-a", ""))
	close(replied)
	if <-early {
		t.Error("the client was reset before its call had ended")
	}
}
