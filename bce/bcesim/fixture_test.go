package bcesim

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience is the last guard of a wait: far beyond what succeeds on any machine.
const patience = 5 * time.Minute

// epoch is when the tests' clocks start.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// fakeClock is a base clock that moves only when told.
type fakeClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fakeClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fakeClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// simFixture is a simulator behind a real server, with a client that signs.
type simFixture struct {
	t      *testing.T
	sim    *Server
	url    string
	clock  *fakeClock
	client *http.Client
	key    string
	secret string
}

func newSimFixture(t *testing.T, options Options) *simFixture {
	t.Helper()
	clock := &fakeClock{now: epoch}
	options.Now = clock.Now
	sim := New(options)
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	t.Cleanup(sim.Close)
	return &simFixture{
		t: t, sim: sim, url: server.URL, clock: clock, client: server.Client(),
		key: SandboxKey, secret: SandboxKey,
	}
}

// reply is an answer, read whole; err is what went wrong on the way.
type reply struct {
	status int
	header http.Header
	body   string
	err    error
}

func (r reply) code(t *testing.T) string {
	t.Helper()
	var body errorBody
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		t.Fatalf("answer %d %q is no error body: %v", r.status, r.body, err)
	}
	if body.RequestID == "" || body.RequestID != r.header.Get("X-Bce-Request-Id") {
		t.Errorf("request ID %q in the body, %q in the header", body.RequestID, r.header.Get("X-Bce-Request-Id"))
	}
	return body.Code
}

func (f *simFixture) request(method, target, body string) *http.Request {
	f.t.Helper()
	r, err := http.NewRequest(method, f.url+target, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// signRequest signs with the headers that a plain client signs.
func signRequest(t *testing.T, r *http.Request, key, secret string, at time.Time) {
	t.Helper()
	stamp := at.UTC().Format(authTime)
	r.Header.Set("X-Bce-Date", stamp)
	auth := authorization{accessKeyID: key, timestampText: stamp, expirationText: "1800"}
	names := []string{"host", "x-bce-date"}
	if r.Header.Get("X-Bce-Security-Token") != "" {
		names = append(names, "x-bce-security-token")
	}
	canonical, refusal := canonicalRequest(r, names)
	if refusal != nil {
		t.Fatal(refusal)
	}
	r.Header.Set("Authorization", strings.Join([]string{
		authVersion, key, stamp, auth.expirationText, strings.Join(names, ";"), auth.sign(secret, canonical),
	}, "/"))
}

func (f *simFixture) send(r *http.Request) reply {
	response, err := f.client.Do(r)
	if err != nil {
		return reply{err: err}
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return reply{status: response.StatusCode, header: response.Header, body: string(body), err: err}
}

func (f *simFixture) call(method, target, body string) reply {
	f.t.Helper()
	r := f.request(method, target, body)
	signRequest(f.t, r, f.key, f.secret, f.clock.Now())
	return f.send(r)
}

// wants calls and checks status and, for a refusal, code.
func (f *simFixture) wants(method, target, body string, status int, code string) reply {
	f.t.Helper()
	got := f.call(method, target, body)
	if got.err != nil {
		f.t.Fatalf("%s %s: %v", method, target, got.err)
	}
	if got.status != status {
		f.t.Fatalf("%s %s %s: %d %s, want %d %s", method, target, body, got.status, got.body, status, code)
	}
	if code != "" && got.code(f.t) != code {
		f.t.Fatalf("%s %s %s: code %s, want %s", method, target, body, got.code(f.t), code)
	}
	return got
}

func createBody(name, subnet, ip string) string {
	text, err := json.Marshal(map[string]string{"name": name, "subnetId": subnet, "privateIpAddress": ip})
	if err != nil {
		panic(err)
	}
	return string(text)
}

// created creates and returns the ID; token may be empty.
func (f *simFixture) created(token, body string) string {
	f.t.Helper()
	target := "/v1/havip"
	if token != "" {
		target += "?clientToken=" + token
	}
	got := f.wants(http.MethodPost, target, body, http.StatusOK, "")
	return haVIPIDOf(f.t, got)
}

func haVIPIDOf(t *testing.T, got reply) string {
	t.Helper()
	var answer createdBody
	decode(t, got, &answer)
	if !strings.HasPrefix(answer.HaVIPID, "havip-") || len(answer.HaVIPID) != len("havip-w2d4kgc3x0y1") {
		t.Fatalf("haVipId %q", answer.HaVIPID)
	}
	return answer.HaVIPID
}

func (f *simFixture) get(id string) haVIPBody {
	f.t.Helper()
	var h haVIPBody
	decode(f.t, f.wants(http.MethodGet, "/v1/havip/"+id, "", http.StatusOK, ""), &h)
	return h
}

func decode(t *testing.T, got reply, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(got.body), into); err != nil {
		t.Fatalf("answer %q: %v", got.body, err)
	}
}

func mustFaults(t *testing.T, spec string) Faults {
	t.Helper()
	faults, err := ParseFaults(spec)
	if err != nil {
		t.Fatal(err)
	}
	return faults
}

func name(i int) string { return "vip-" + strconv.Itoa(i) }

// waitFor polls until the condition holds, as fast as the server answers.
func (f *simFixture) waitFor(condition func() bool) {
	f.t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(patience)
	for !condition() {
		select {
		case <-ticker.C:
		case <-deadline:
			f.t.Fatalf("waited for %s in vain: %+v", patience, f.sim.Stats())
		}
	}
}
