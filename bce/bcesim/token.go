package bcesim

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// tokenLife is how long a client token lives after the server last received it.
const tokenLife = 24 * time.Hour

// receipt records a token's request, when the token was last received, and the result that later
// requests get.
type receipt struct {
	request  string
	received time.Time
	result   result
}

// expired reports whether a request received at this time is too late for the receipt.
func (r *receipt) expired(at time.Time) bool { return at.Sub(r.received) > tokenLife }

// once carries out an operation unless its token was used already. The caller holds the server's lock
// throughout, so that of two concurrent requests one creates and the other gets its result.
//
// Receiving a live token, even for a refused mismatch, restarts its 24 hours. The time of receipt
// counts, not that of execution; otherwise advancing the clock meanwhile would age the request.
func (s *Server) once(x *exchange, carryOut func(*exchange) result) result {
	key, request, at := s.tokenKey(x), s.requestIdentity(x), x.call.Start
	known := s.receipts[key]
	switch {
	case known == nil || known.expired(at) && s.options.Personality.Expired != ExpiredMismatch:
		res := carryOut(x)
		if res.refusal == nil || s.options.Personality.ReplayRefusals {
			s.receipts[key] = &receipt{request: request, received: at, result: res}
		}
		return res
	case known.expired(at):
		return s.mismatch(x, "was last received more than 24 hours ago")
	}
	if at.After(known.received) {
		known.received = at
	}
	if known.request != request {
		return s.mismatch(x, "was used for another request")
	}
	s.stats.Replays++
	again := known.result
	again.made, again.failed, again.replayed = nil, false, true
	return again
}

func (s *Server) mismatch(x *exchange, why string) result {
	s.stats.Mismatches++
	return refused(refuseWith(http.StatusForbidden, CodeIdempotentMismatch, "the clientToken %q %s", x.call.ClientToken, why))
}

// tokenKey is a token with its scope.
func (s *Server) tokenKey(x *exchange) string {
	switch s.options.Personality.TokenScope {
	case ScopeGlobal:
		return x.call.ClientToken
	case ScopePath:
		return strings.Join([]string{x.account, x.call.Method, x.call.Path, x.call.ClientToken}, "\n")
	default:
		return x.account + "\n" + x.call.ClientToken
	}
}

// requestIdentity is what must be equal when a token is used again: method, path, query and body.
// With [Personality.CompareByValue], bodies are compared as JSON values.
func (s *Server) requestIdentity(x *exchange) string {
	body := x.body
	if s.options.Personality.CompareByValue {
		body = canonicalJSON(body)
	}
	sum := sha256.Sum256(body)
	return strings.Join([]string{x.call.Method, x.call.Path, identityQuery(x.query), string(sum[:])}, "\n")
}

func identityQuery(query url.Values) string {
	rest := url.Values{}
	for name, values := range query {
		if name != "clientToken" {
			rest[name] = values
		}
	}
	return rest.Encode()
}

// canonicalJSON returns the same bytes for equal JSON values, and other text unchanged.
func canonicalJSON(body []byte) []byte {
	var value any
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil || decoder.More() {
		return body
	}
	text, err := json.Marshal(value)
	if err != nil {
		return body
	}
	return text
}
