// Package telemetry is a worker's health endpoints.
package telemetry

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync/atomic"
	"time"
)

// readyTimeout limits the check of /readyz.
const readyTimeout = 2 * time.Second

// Health serves two endpoints over HTTP:
//
//	GET /healthz   200 while the process serves; restart it if this fails
//	GET /readyz    200 while it can do work, else 503 with the reason
type Health struct {
	check    func(context.Context) error
	stopping atomic.Bool
}

// NewHealth returns a Health; check returns an error while the process cannot do work.
func NewHealth(check func(context.Context) error) *Health { return &Health{check: check} }

// Stopping makes the process unready permanently.
func (h *Health) Stopping() { h.stopping.Store(true) }

// Mount adds the endpoints.
func (h *Health) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
		defer cancel()
		answer(w, h.ready(ctx))
	})
}

func (h *Health) ready(ctx context.Context) error {
	if h.stopping.Load() {
		return errors.New("the worker is stopping")
	}
	return h.check(ctx)
}

func answer(w http.ResponseWriter, err error) {
	status, body := http.StatusOK, map[string]string{"status": "ok"}
	if err != nil {
		status, body = http.StatusServiceUnavailable, map[string]string{"status": "unavailable", "reason": err.Error()}
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // strings encode; and a client that has gone need not be told
}
