package bcesim

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// ControlPrefix is the path prefix of the control interface: JSON, unsigned, from loopback only
// (403 otherwise):
//
//	GET  /_sim/truth                 [Truth]
//	GET  /_sim/calls?after=N         {"calls": [Call, …]}: those with a number above N
//	GET  /_sim/stats                 [Stats]
//	GET  /_sim/faults                {"faults": "SPEC"}
//	POST /_sim/faults                {"faults": "SPEC"} replaces them; with ?add appends rules
//	GET  /_sim/gate                  {"waiting": N}: calls that wait at the gate
//	POST /_sim/gate                  {"open": N} releases the N that have waited longest; without N all that wait
//	GET  /_sim/clock                 {"now": "2026-01-02T15:04:05Z"}
//	POST /_sim/clock                 {"advance": "25h"} or {"set": "2026-01-02T15:04:05Z"}
//
// A POST answers the new state, like the GET. Control calls are not logged.
const ControlPrefix = "/_sim/"

func (s *Server) newControl() http.Handler {
	mux := http.NewServeMux()
	get := func(path string, answer func(*http.Request) (any, error)) {
		mux.HandleFunc("GET "+ControlPrefix+path, respondJSON(answer))
	}
	post := func(path string, answer func(*http.Request) (any, error)) {
		mux.HandleFunc("POST "+ControlPrefix+path, respondJSON(answer))
	}
	get("truth", func(*http.Request) (any, error) { return s.Truth(), nil })
	get("stats", func(*http.Request) (any, error) { return s.Stats(), nil })
	get("calls", s.controlCalls)
	get("faults", func(*http.Request) (any, error) { return faultsBody{s.Faults().String()}, nil })
	post("faults", s.controlFaults)
	get("gate", func(*http.Request) (any, error) { return gateBody{s.AtGate()}, nil })
	post("gate", s.controlGate)
	get("clock", func(*http.Request) (any, error) { return clockBody{Now: s.Now().UTC()}, nil })
	post("clock", s.controlClock)
	return loopbackOnly(mux)
}

type callsBody struct {
	Calls []Call `json:"calls"`
}

type faultsBody struct {
	Faults string `json:"faults"`
}

type gateBody struct {
	Waiting int `json:"waiting"`
}

type clockBody struct {
	Now time.Time `json:"now"`
}

func (s *Server) controlCalls(r *http.Request) (any, error) {
	after := int64(0)
	if text := r.URL.Query().Get("after"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, errors.New("after: want the number of a call")
		}
		after = n
	}
	calls := s.Calls()
	for len(calls) > 0 && calls[0].Number <= after {
		calls = calls[1:]
	}
	return callsBody{calls}, nil
}

func (s *Server) controlFaults(r *http.Request) (any, error) {
	var body faultsBody
	if err := readControl(r, &body); err != nil {
		return nil, err
	}
	faults, err := ParseFaults(body.Faults)
	if err != nil {
		return nil, err
	}
	if r.URL.Query().Has("add") {
		err = s.AddFaults(faults.Rules...)
	} else {
		err = s.SetFaults(faults)
	}
	return faultsBody{s.Faults().String()}, err
}

func (s *Server) controlGate(r *http.Request) (any, error) {
	var body struct {
		Open int `json:"open"`
	}
	if err := readControl(r, &body); err != nil {
		return nil, err
	}
	if body.Open < 0 {
		return nil, errors.New("open: want a number of calls, or 0 for all that wait")
	}
	s.OpenGate(body.Open)
	return gateBody{s.AtGate()}, nil
}

func (s *Server) controlClock(r *http.Request) (any, error) {
	var body struct {
		Advance string    `json:"advance"`
		Set     time.Time `json:"set"`
	}
	if err := readControl(r, &body); err != nil {
		return nil, err
	}
	switch {
	case (body.Advance == "") == body.Set.IsZero():
		return nil, errors.New("clock: want either advance or set")
	case body.Advance != "":
		d, err := time.ParseDuration(body.Advance)
		if err != nil {
			return nil, err
		}
		s.Advance(d)
	default:
		s.SetTime(body.Set)
	}
	return clockBody{Now: s.Now().UTC()}, nil
}

func readControl(r *http.Request, into any) error {
	decoder := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// respondJSON writes what answer returns; an error is a bad request.
func respondJSON(answer func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		body, err := answer(r)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			body = map[string]string{"error": err.Error()}
		}
		// This fails only if the client has left.
		_ = json.NewEncoder(w).Encode(body)
	}
}

// loopbackOnly protects the unsigned control interface from the network. It also refuses host names
// other than localhost, so that a web page cannot reach it by DNS rebinding.
func loopbackOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopback(r.RemoteAddr) || !isLoopback(r.Host) {
			http.Error(w, "the control interface is for loopback only", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func isLoopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.Trim(address, "[]")
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
