package e2e

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// webhookKey is what this test's workers sign with.
var webhookKey = []byte("e2e-webhook-key-of-32-bytes-long")

func webhookSecret() string { return "whsec_" + base64.StdEncoding.EncodeToString(webhookKey) }

// told is a request that a receiver got.
type told struct {
	ID, Timestamp, Signature string
	Message                  struct {
		Type string `json:"type"`
		ID   string `json:"id"`
		Data struct {
			Batch      string         `json:"batch"`
			Completion int            `json:"completion"`
			Total      int            `json:"total"`
			Failed     int            `json:"failed"`
			Counts     map[string]int `json:"counts"`
		} `json:"data"`
	}
	At time.Time
}

// receiver is the webhook's receiver. It answers one way after the other, and then 200.
type receiver struct {
	t       *testing.T
	url     string
	answers []http.HandlerFunc

	mu  sync.Mutex
	got []told
}

func newReceiver(t *testing.T, answers ...http.HandlerFunc) *receiver {
	t.Helper()
	r := &receiver{t: t, answers: answers}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	r.url = server.URL
	return r
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	if err != nil {
		r.t.Errorf("read a notification: %v", err)
		return
	}
	head := request.Header
	n := told{ID: head.Get("webhook-id"), Timestamp: head.Get("webhook-timestamp"), Signature: head.Get("webhook-signature"), At: time.Now()}
	if err := json.Unmarshal(body, &n.Message); err != nil || request.Method != http.MethodPost {
		r.t.Errorf("%s of %q: %v", request.Method, body, err)
	}
	// The specification, in this test's own words.
	mac := hmac.New(sha256.New, webhookKey)
	_, _ = fmt.Fprintf(mac, "%s.%s.%s", n.ID, n.Timestamp, body)
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); n.Signature != want {
		r.t.Errorf("signature %q, want %q", n.Signature, want)
	}
	r.answer(n)(w, request)
}

// answer notes what was told, and is how to answer it.
func (r *receiver) answer(n told) http.HandlerFunc {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.got = append(r.got, n)
	if len(r.got) <= len(r.answers) {
		return r.answers[len(r.got)-1]
	}
	return func(http.ResponseWriter, *http.Request) {}
}

func (r *receiver) received() []told {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]told(nil), r.got...)
}

func (r *receiver) await(t *testing.T, n int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d notifications arrive", n), func() bool { return len(r.received()) >= n })
}

// host is how a worker is told to allow it.
func (r *receiver) host() string { return strings.TrimPrefix(r.url, "http://") }

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

// garbage is no HTTP.
func garbage(w http.ResponseWriter, _ *http.Request) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_, _ = io.WriteString(conn, "\x1b[31m%!s(MISSING)\r\n\r\n")
		_ = conn.Close()
	}
}

// slowly takes at least a second to answer.
func slowly(answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		elapsed(time.Second, r.Context().Done())
		answer(w, r)
	}
}

// stall never answers; it ends when the caller is gone.
func stall(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// notifier starts a worker that may notify the receiver.
func (w *stack) notifier(t *testing.T, r *receiver) *process {
	t.Helper()
	env := w.env
	w.env = append(w.env[:len(w.env):len(w.env)], "HAVIP_WEBHOOK_SECRET="+webhookSecret())
	defer func() { w.env = env }()
	return w.worker(t, "--webhook-host", r.host())
}
