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

// tokenLife is how long a client token is remembered after the server last received it.
const tokenLife = 24 * time.Hour

// receipt is what the server remembers of a token: the request that it came with, when it
// was last received, and the result that every further one gets.
type receipt struct {
	request  string
	received time.Time
	result   result
}

// expired says that a request received at this time comes too late to be the receipt's.
func (r *receipt) expired(at time.Time) bool { return at.Sub(r.received) > tokenLife }

// once carries an operation out unless its token has been used already. The caller holds
// the server's lock throughout, so of two requests at once one creates and one is given the
// other's result.
//
// Any receipt of a remembered token, also one that is refused as a mismatch, starts its 24
// hours anew. What counts is when the request came in, however long it then waited for its
// turn: else a clock that is put forward meanwhile would have it wait for a day.
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

// tokenKey tells tokens apart that are equal in text but not in scope.
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

// requestIdentity is everything about a request that must be equal when its token is used
// again: method, path, query and body. With [Personality.CompareByValue] equal JSON is
// equal, whatever its spelling.
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

// canonicalJSON gives bodies of equal value equal bytes; what is not JSON stays as it is.
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
