// Package telemetry serves a worker's endpoints for machines: health, and profiles of the process.
package telemetry

import (
	"encoding/json"
	"errors"
	"net/http"
	"sync/atomic"
)

// Worker is a running worker.
type Worker interface {
	// Live returns an error if only a restart of the process helps.
	Live() error
	// Ready returns why the worker cannot do work now.
	Ready() error
}

// Health serves two endpoints over HTTP, with 200, or 503 and the reason:
//
//	GET /livez    fails when only a restart of the process helps
//	GET /readyz   fails while the worker starts, cannot do work, or stops
type Health struct {
	worker   atomic.Pointer[Worker]
	stopping atomic.Bool
}

// Started makes the health that of a running worker. Before, the process is live and not ready.
func (h *Health) Started(w Worker) { h.worker.Store(&w) }

// Stopping makes the process unready permanently.
func (h *Health) Stopping() { h.stopping.Store(true) }

// Mount adds the endpoints.
func (h *Health) Mount(mux *http.ServeMux) {
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, h.live()) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { answer(w, h.ready()) })
}

// live is nil while the worker stops: its heartbeats end then, and the drain has a limit of its own.
func (h *Health) live() error {
	if w := h.worker.Load(); w != nil && !h.stopping.Load() {
		return (*w).Live()
	}
	return nil
}

func (h *Health) ready() error {
	w := h.worker.Load()
	switch {
	case h.stopping.Load():
		return errors.New("the worker is stopping")
	case w == nil:
		return errors.New("the worker is starting")
	}
	return (*w).Ready()
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
