package bcesim

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// maxBody is far above any request of the API.
const maxBody = 1 << 20

// exchange is one call in progress.
type exchange struct {
	w http.ResponseWriter
	r *http.Request
	// call is the log's entry when the call ends; slot is its place in the log.
	call Call
	slot *Call
	plan plan
	// now is the server's clock as this call sees it, skewed by a fault.
	now    time.Time
	query  url.Values
	body   []byte
	target string

	routeRefusal *Error
	tooLarge     bool
	personality  Personality
	account      string
	flight       *flight
	// release frees the token for the next call.
	release func()
	// settle ends the call, once. It is called before a reset; otherwise the client could retry
	// with the same token before the server has ended the call. (Answers are small and leave only
	// after the handler has returned.)
	settle func()
}

// begin logs a call and chooses its faults.
func (s *Server) begin(w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{w: w, r: r, query: r.URL.Query(), release: func() {}, personality: s.options.Personality}
	auth, _ := parseAuthorization(r.Header.Get("Authorization"))
	op, target, refusal := route(r.Method, r.URL.Path, x.query)
	x.target, x.routeRefusal = target, refusal
	x.call = Call{
		Operation:   op,
		Method:      r.Method,
		Path:        r.URL.Path,
		Query:       r.URL.RawQuery,
		ClientToken: x.query.Get("clientToken"),
		AccessKeyID: auth.accessKeyID,
		Date:        r.Header.Get("X-Bce-Date"),
		Signature:   auth.signature,
		RequestID:   newRequestID(),
	}
	x.settle = sync.OnceFunc(func() { s.end(x) })
	s.mu.Lock()
	defer s.mu.Unlock()
	x.plan = s.director.plan(op)
	x.call.Fault = x.plan.String()
	x.call.Start = s.Now().UTC()
	x.now = x.call.Start.Add(x.plan.skew)
	x.slot = s.calls.begin(&x.call)
	s.depart(r.Context(), x)
	return x
}

// end completes the log's entry and frees the token.
func (s *Server) end(x *exchange) {
	x.call.ClientGone = x.r.Context().Err() != nil
	x.call.End = s.Now().UTC()
	func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.land(x)
		*x.slot = x.call
		s.stats.count(x.call)
	}()
	x.release()
	if s.options.OnCall != nil {
		s.options.OnCall(x.call)
	}
}

// clock is the server's time of the call without a fault's skew.
func (x *exchange) clock() time.Time { return x.now.Add(-x.plan.skew) }

// readBody reads the whole body, and answers nothing if the client breaks off. Reading it first also
// lets net/http notice a client that leaves during a stall.
func (x *exchange) readBody() bool {
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		x.tooLarge = true
	case err != nil:
		x.call.Fault = ""
		return false
	}
	x.body = body
	if len(body) > 0 {
		sum := sha256.Sum256(body)
		x.call.BodySHA256 = hex.EncodeToString(sum[:])
	}
	return true
}

// authenticate verifies the signature and finds its account.
func (s *Server) authenticate(x *exchange) *Error {
	auth, refusal := verify(x.r, s.secret, x.now)
	if refusal != nil {
		return refusal
	}
	credential, _ := s.credential(auth.accessKeyID)
	x.account = credential.Account
	if credential.SecurityToken == "" {
		return nil
	}
	const header = "x-bce-security-token"
	signed := len(auth.signedHeaders) == 0 || slices.Contains(auth.signedHeaders, header)
	if !signed || x.r.Header.Get(header) != credential.SecurityToken {
		return refuseWith(http.StatusForbidden, CodeAccessDenied,
			"the temporary key %s needs its %s, signed", auth.accessKeyID, header)
	}
	if !credential.Expires.IsZero() && x.now.After(credential.Expires) {
		return refuseWith(http.StatusForbidden, CodeInvalidAccessKeyID,
			"the temporary key %s expired at %s", auth.accessKeyID, credential.Expires.UTC().Format(authTime))
	}
	return nil
}

func (s *Server) secret(accessKeyID string) (string, bool) {
	credential, ok := s.credential(accessKeyID)
	return credential.SecretAccessKey, ok
}

func (s *Server) credential(accessKeyID string) (Credential, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	credential, ok := s.credentials[accessKeyID]
	return credential, ok
}

func (x *exchange) checkTokens() *Error {
	if n := len(x.query["clientToken"]); n > 1 {
		return refuse(CodeInvalidHTTPRequest, "clientToken is given %d times", n)
	}
	return checkToken(x.call.ClientToken)
}

// origin records which call creates a HaVIP.
func (x *exchange) origin(h *haVIP) Record {
	record := Record{
		HaVIPID:     h.id,
		Account:     x.account,
		Name:        h.name,
		Description: h.description,
		VPCID:       h.subnet.VPCID,
		SubnetID:    h.subnet.ID,
		PrivateIP:   h.privateIP.String(),
		ClientToken: x.call.ClientToken,
		BodySHA256:  x.call.BodySHA256,
		Call:        x.call.Number,
		CreatedAt:   h.created.UTC(),
	}
	switch kind := x.plan.kind(); {
	case kind.afterCommit():
		record.Fault = kind
	case x.plan.stallAfter > 0:
		record.Fault = FaultStallAfter
	case x.plan.gateAfter:
		record.Fault = FaultGateAfter
	}
	return record
}

// newRequestID is a random UUID.
func newRequestID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
