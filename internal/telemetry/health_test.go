package telemetry

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	var broken error
	h := NewHealth(func(context.Context) error { return broken })
	mux := http.NewServeMux()
	h.Mount(mux)
	ask := func(path string) (int, string) {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return w.Code, strings.TrimSpace(w.Body.String())
	}
	expect := func(path string, code int, body string) {
		t.Helper()
		if gotCode, gotBody := ask(path); gotCode != code || gotBody != body {
			t.Errorf("%s: got %d %s, want %d %s", path, gotCode, gotBody, code, body)
		}
	}
	expect("/healthz", 200, `{"status":"ok"}`)
	expect("/readyz", 200, `{"status":"ok"}`)
	broken = errors.New("redis: connection refused")
	expect("/healthz", 200, `{"status":"ok"}`)
	expect("/readyz", 503, `{"reason":"redis: connection refused","status":"unavailable"}`)
	broken = nil
	h.Stopping()
	expect("/healthz", 200, `{"status":"ok"}`)
	expect("/readyz", 503, `{"reason":"the worker is stopping","status":"unavailable"}`)
}
