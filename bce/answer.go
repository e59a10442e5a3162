package bce

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// answer is the result of sending a request: a response with its body as far as it could be
// read, or an error and whether anything was sent.
type answer struct {
	// ctxErr adds the context's error, which the transport may report as a network error.
	ctxErr   func(error) error
	status   int
	header   http.Header
	body     []byte
	bodyErr  error
	at       time.Time
	duration time.Duration
	err      error
	kind     Kind
	sent     bool
	// proxy is the proxy that the request went through, if any.
	proxy  *url.URL
	redact redactor
	// request is the signed request; nil if there is none.
	request *http.Request
}

var errOversized = errors.New("answer is too large")

// exchange sends the request, which the watch observes, and reads the answer.
func (c *Client) exchange(req *http.Request, watch *sentWatch, maxBody int64) answer {
	ctx := req.Context()
	start := c.config.Now()
	a := answer{ctxErr: func(err error) error { return withContextError(ctx, err) }}
	// RoundTrip, not http.Client: no redirects, cookies or retries.
	resp, err := c.transport.RoundTrip(req)
	if err == nil && resp == nil {
		err = errors.New("transport returned neither answer nor error")
	}
	if err != nil {
		a.err = a.ctxErr(err)
		a.kind = transportKind(ctx, watch.connected(), err)
		a.sent = watch.sent()
	} else {
		a.sent = true
		a.status, a.header, a.proxy = resp.StatusCode, resp.Header, c.proxyOf(req)
		a.body, a.bodyErr = readBounded(resp.Body, maxBody)
		_ = resp.Body.Close() // the body was read already
	}
	a.at = c.config.Now()
	a.duration = a.at.Sub(start)
	return a
}

func readBounded(body io.Reader, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(body, limit+1))
	if err == nil && int64(len(content)) > limit {
		return content[:limit], fmt.Errorf("%w: more than %d bytes", errOversized, limit)
	}
	return content, err
}

// redactionsFor lists what an answer may echo of a signed request.
func redactionsFor(req *http.Request, c Credentials) redactor {
	header := req.Header.Get("Authorization")
	signature := header[strings.LastIndexByte(header, '/')+1:]
	s := c.secrets()
	return redactor{[...]string{header, signature, s.secretAccessKey, s.sessionToken}}
}

// parse reads the body of a success, or returns the failure that the answer describes.
func (a answer) parse(call call) (ResponseMeta, *Error) {
	meta := ResponseMeta{StatusCode: a.status, Duration: a.duration}
	if a.err != nil {
		return meta, &Error{Op: call.op, Subject: call.subject, Kind: a.kind, Sent: a.sent, Err: a.redact.cause(a.err)}
	}
	meta.Date = parseDate(a.header.Get("Date"))
	meta.RequestID = a.redact.clean(a.header.Get(headerRequestID), maxWord)

	var err error
	switch {
	case a.bodyErr != nil:
		err = fmt.Errorf("answer cannot be read: %w", a.ctxErr(a.bodyErr))
	case a.isSuccess():
		if err = call.read(a.body); err == nil {
			return meta, nil
		}
	}
	return meta, a.failure(call, meta, err)
}

func (a answer) isSuccess() bool {
	return a.status >= http.StatusOK && a.status < http.StatusMultipleChoices
}

// brokeOff reports whether an answer cannot be read because its end is missing: the connection ended, or the JSON does.
func brokeOff(cause error) bool {
	var syntax *json.SyntaxError
	return errors.Is(cause, io.ErrUnexpectedEOF) || errors.Is(cause, syscall.ECONNRESET) ||
		errors.As(cause, &syntax) && syntax.Error() == "unexpected end of JSON input"
}

// failure describes an unsuccessful answer. With a nil cause, an answer with a BCE code is
// [KindAPI], and one without is [KindUnreadable], whatever its status.
func (a answer) failure(call call, meta ResponseMeta, cause error) *Error {
	f := &Error{
		Op: call.op, Subject: call.subject, Sent: a.sent, Kind: KindAPI,
		StatusCode: a.status, RequestID: meta.RequestID, ServerDate: meta.Date,
	}
	f.RetryAfter, f.HasRetryAfter = parseRetryAfter(a.header.Get("Retry-After"), meta.Date, a.at)
	if call.secret && a.isSuccess() {
		a.body = nil
	}
	words, err := parseEnvelope(a.body)
	f.Code = a.redact.clean(words.Code, maxWord)
	if f.Code == CodeSignatureDoesNotMatch && a.request != nil {
		words.Message = explainSignature(words.Message, signedText(a.request))
	}
	f.Message = a.redact.clean(words.Message, maxMessage)
	if words.RequestID != "" {
		f.RequestID = a.redact.clean(words.RequestID, maxWord)
	}
	if cause == nil {
		cause = err
	}
	if cause == nil && f.Code == "" {
		cause = errors.New("answer has no code")
	}
	if cause == nil {
		return f
	}
	f.Kind, f.Err = KindUnreadable, a.redact.cause(cause)
	if errors.Is(cause, ErrMissingID) {
		f.Kind = KindMissingID
	}
	if f.Code == "" && f.Message == "" {
		f.Message = string(a.body)
		by := a.answeredBy()
		if a.isSuccess() && brokeOff(cause) { // a server's own name would say that it is not BCE's
			by = fmt.Sprintf("the answer broke off after %d bytes", len(a.body))
		}
		if by != "" && f.Kind == KindUnreadable {
			f.Message = strings.TrimSuffix(by+": "+f.Message, ": ")
		}
		f.Message = a.redact.clean(f.Message, maxMessage)
	}
	return f
}

// envelope is the body of an error.
type envelope struct {
	Code      string `json:"code"`
	Message   string `json:"message"`
	RequestID string `json:"requestId"`
}

// parseEnvelope reads a body that may be an error's.
func parseEnvelope(body []byte) (envelope, error) {
	var e envelope
	if err := decodeObject(body, &e); err != nil {
		return envelope{}, err
	}
	return e, nil
}
