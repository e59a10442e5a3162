package notify

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"havip/ledger"
	"havip/test/freeport"
	"havip/test/pipenet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	noon         = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	batch        = ledger.Batch{Name: "net/北京", CreatedAt: 1, Source: ledger.Source{File: "havips.csv", By: "li@host"}}
	notification = ledger.Notification{
		Completion: 2, CompletedAt: ledger.Millis(noon.UnixMilli()), Total: 3,
		Counts: map[ledger.State]int64{ledger.Created: 1, ledger.Rejected: 1, ledger.Canceled: 1},
	}
)

// patience is a safety timeout, far longer than a request takes on any machine.
const patience = 5 * time.Minute

// senderTo is a sender that may call only the given server.
func senderTo(t *testing.T, server *httptest.Server) *Sender {
	t.Helper()
	hosts, err := ParseHosts([]string{strings.TrimPrefix(server.URL, "http://")})
	if err != nil {
		t.Fatal(err)
	}
	s := NewSender(hosts, secretsOf(t, knownSecret))
	s.now = func() time.Time { return knownTime }
	s.timeout = patience
	t.Cleanup(s.Close)
	return s
}

// senderInBubble is a sender whose requests all reach the handler, over pipes.
func senderInBubble(t *testing.T, receive http.HandlerFunc) *Sender {
	t.Helper()
	network := pipenet.Listen()
	server := &http.Server{Handler: receive}
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(network) })
	hosts, err := ParseHosts([]string{"127.0.0.1:80"})
	if err != nil {
		t.Fatal(err)
	}
	s := NewSender(hosts, secretsOf(t, knownSecret))
	s.client.Transport.(*http.Transport).DialContext = network.DialContext
	t.Cleanup(func() {
		s.Close()
		_ = server.Close()
		served.Wait()
	})
	return s
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

// The whole request, which is a contract.
func TestMessage(t *testing.T) {
	t.Parallel()
	var head http.Header
	var body []byte
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		head = r.Header
		body, _ = io.ReadAll(r.Body)
	})
	message := MessageOf(batch, notification)
	if a := senderTo(t, server).send(t.Context(), server.URL+"/hook?token=x", message); a.outcome != ledger.NotificationDelivered || a.detail != "200 OK" {
		t.Fatalf("%+v", a)
	}
	want := `{"type":"batch.completed","version":1,"id":"` + message.ID + `","timestamp":"2026-03-01T12:00:00Z",` +
		`"data":{"batch":"net/北京","completion":2,"completedAt":"2026-03-01T12:00:00Z","total":3,"failed":1,` +
		`"counts":{"canceled":1,"created":1,"rejected":1},"file":"havips.csv","by":"li@host"}}`
	if diff := cmp.Diff(want, string(body)); diff != "" || !json.Valid(body) {
		t.Error(diff)
	}
	if head.Get("webhook-id") != message.ID || head.Get("webhook-timestamp") != "1614265330" || head.Get("Content-Type") != "application/json" {
		t.Errorf("%v", head)
	}
}

// An ID is unique to one completion of one batch of one ledger, and valid in a header and the signed text.
func TestMessageIDs(t *testing.T) {
	t.Parallel()
	other := func(change func(*ledger.Batch, *ledger.Notification)) string {
		b, n := batch, notification
		change(&b, &n)
		return MessageOf(b, n).ID
	}
	id := MessageOf(batch, notification).ID
	if again := other(func(_ *ledger.Batch, n *ledger.Notification) { n.Attempts, n.Why = 5, "x" }); again != id {
		t.Errorf("another attempt has another ID: %s, %s", id, again)
	}
	ids := map[string]bool{
		id: true,
		other(func(_ *ledger.Batch, n *ledger.Notification) { n.Completion = 3 }):                      true,
		other(func(b *ledger.Batch, _ *ledger.Notification) { b.Name = "other" }):                      true,
		other(func(b *ledger.Batch, _ *ledger.Notification) { b.CreatedAt = 2 }):                       true,
		other(func(b *ledger.Batch, n *ledger.Notification) { b.CreatedAt, n.Completion = 12, 1 }):     true,
		other(func(b *ledger.Batch, n *ledger.Notification) { b.Name, n.Completion = `net/北京" 1`, 2 }): true,
	}
	if len(ids) != 6 {
		t.Errorf("IDs are shared: %v", ids)
	}
	if strings.ContainsFunc(id, func(r rune) bool { return r == '.' || r <= ' ' || r > '~' }) {
		t.Errorf("%q", id)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status     int
		retryAfter string
		want       answer
	}{
		"ok":                              {200, "", answer{ledger.NotificationDelivered, "200 OK", 0}},
		"no content":                      {204, "", answer{ledger.NotificationDelivered, "204 No Content", 0}},
		"gone":                            {410, "", answer{ledger.NotificationFailed, "410 Gone", 0}},
		"being repaired":                  {404, "", answer{ledger.NotificationAttemptFailed, "404 Not Found", 0}},
		"later":                           {503, "120", answer{ledger.NotificationAttemptFailed, "503 Service Unavailable", 2 * time.Minute}},
		"later, in no words that we know": {429, "-1", answer{ledger.NotificationAttemptFailed, "429 Too Many Requests", 0}},
		"no known status":                 {599, "", answer{ledger.NotificationAttemptFailed, "599", 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", test.retryAfter)
				w.WriteHeader(test.status)
			})
			if got := senderTo(t, server).send(t.Context(), server.URL, MessageOf(batch, notification)); got != test.want {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
		})
	}
}

// A redirect could lead to the machine itself or a cloud's metadata.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	calls := 0
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		calls++
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	})
	a := senderTo(t, server).send(t.Context(), server.URL, MessageOf(batch, notification))
	if a.outcome != ledger.NotificationAttemptFailed || !strings.Contains(a.detail, "redirects are not followed") || calls != 1 {
		t.Errorf("%+v after %d calls", a, calls)
	}
}

// A URL from Redis is called only if the operator allowed its host.
func TestOnlyAllowedHostsAreCalled(t *testing.T) {
	t.Parallel()
	called := false
	server := serve(t, func(http.ResponseWriter, *http.Request) { called = true })
	s := NewSender(Hosts{}, secretsOf(t, knownSecret))
	a := s.send(t.Context(), server.URL, MessageOf(batch, notification))
	if a.outcome != ledger.NotificationDeferred || !strings.Contains(a.detail, "--webhook-host 127.0.0.1:") || called {
		t.Errorf("%+v, called: %t", a, called)
	}
	if a := s.send(t.Context(), "gopher://x/", MessageOf(batch, notification)); a.outcome != ledger.NotificationFailed {
		t.Errorf("%+v", a)
	}
}

func TestTroubledReceivers(t *testing.T) {
	t.Parallel()
	raw := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.WriteString(conn, text)
			_ = conn.Close()
		}
	}
	stall := func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // after the whole body, net/http notices when its client leaves
		<-r.Context().Done()
	}
	for name, test := range map[string]struct {
		receive http.HandlerFunc
		want    ledger.NotificationOutcome
		detail  string
		took    time.Duration
	}{
		"garbage":     {raw("\x00\x01 not HTTP \x1b[31m\r\n\r\n"), ledger.NotificationAttemptFailed, "malformed HTTP", 0},
		"reset":       {raw(""), ledger.NotificationAttemptFailed, "EOF", 0},
		"no answer":   {stall, ledger.NotificationAttemptFailed, "no answer within 10s", sendTimeout},
		"head of MBs": {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X", strings.Repeat("x", 1<<20)) }, ledger.NotificationAttemptFailed, "header", 0},
		"stalled body": {func(w http.ResponseWriter, r *http.Request) {
			_ = http.NewResponseController(w).Flush()
			stall(w, r)
		}, ledger.NotificationDelivered, "200 OK", sendTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := senderInBubble(t, test.receive)
				began := time.Now()
				a := s.send(t.Context(), "http://127.0.0.1/?token=hunter2", MessageOf(batch, notification))
				if a.outcome != test.want || !strings.Contains(a.detail, test.detail) || strings.Contains(a.detail, "hunter2") {
					t.Errorf("%+v", a)
				}
				if took := time.Since(began); took != test.took {
					t.Errorf("took %s, want %s", took, test.took)
				}
			})
		})
	}
}

// The content of an answer is ignored, whatever its size.
func TestAnswersAreReadInPart(t *testing.T) {
	t.Parallel()
	const size = 64 << 20 // more than any buffer in between
	wrote := make(chan int, 1)
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		sum, block := 0, make([]byte, 64<<10)
		for sum < size {
			n, err := w.Write(block)
			if sum += n; err != nil {
				break
			}
		}
		wrote <- sum
	})
	a := senderTo(t, server).send(t.Context(), server.URL, MessageOf(batch, notification))
	if n := <-wrote; a.outcome != ledger.NotificationDelivered || n >= size {
		t.Errorf("%+v after %d bytes", a, n)
	}
}

func TestNobodyListens(t *testing.T) {
	t.Parallel()
	address := freeport.Reserve(t)
	hosts, err := ParseHosts([]string{address})
	if err != nil {
		t.Fatal(err)
	}
	s := NewSender(hosts, secretsOf(t, knownSecret))
	s.timeout = patience
	a := s.send(t.Context(), fmt.Sprintf("http://%s/?token=hunter2", address), MessageOf(batch, notification))
	if a.outcome != ledger.NotificationAttemptFailed || !strings.Contains(a.detail, "refused") || strings.Contains(a.detail, "hunter2") {
		t.Errorf("%+v", a)
	}
}
