package telemetry

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

type fakeWorker struct{ live, ready error }

func (w *fakeWorker) Live() error  { return w.live }
func (w *fakeWorker) Ready() error { return w.ready }

func TestHealth(t *testing.T) {
	t.Parallel()
	var h Health
	mux := http.NewServeMux()
	h.Mount(mux)
	expect := func(path string, code int, body string) {
		t.Helper()
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if got := strings.TrimSpace(w.Body.String()); w.Code != code || got != body {
			t.Errorf("%s: got %d %s, want %d %s", path, w.Code, got, code, body)
		}
	}
	const ok = `{"status":"ok"}`
	expect("/livez", 200, ok)
	expect("/readyz", 503, `{"reason":"the worker is starting","status":"unavailable"}`)
	w := &fakeWorker{}
	h.Started(w)
	expect("/livez", 200, ok)
	expect("/readyz", 200, ok)
	w.ready = errors.New("redis: connection refused")
	expect("/livez", 200, ok)
	expect("/readyz", 503, `{"reason":"redis: connection refused","status":"unavailable"}`)
	w.live = errors.New("stuck")
	expect("/livez", 503, `{"reason":"stuck","status":"unavailable"}`)
	w.ready = nil
	h.Stopping()
	expect("/livez", 200, ok)
	expect("/readyz", 503, `{"reason":"the worker is stopping","status":"unavailable"}`)
}
