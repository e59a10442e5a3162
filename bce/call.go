package bce

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
)

const contentTypeJSON = "application/json;charset=utf-8"

// param is a query parameter, neither part encoded.
type param struct{ name, value string }

// call is one operation, ready to be sent.
type call struct {
	op, subject string
	method      string
	// path is in escaped form.
	path string
	// action is the valueless query parameter that names a PUT's operation.
	action      string
	query       []param
	clientToken string
	// body is sent unchanged; nil means no body.
	body []byte
	// extraBytes is added to the configured limit of the answer's size.
	extraBytes int64
	// secret is true if the answer has secrets: no error quotes it.
	secret bool
	// read parses the body of a success.
	read func(body []byte) error
}

// invalid returns the error for invalid input.
func (c call) invalid(format string, args ...any) *Error {
	reason := fmt.Sprintf(format, args...)
	return &Error{Op: c.op, Subject: c.subject, Kind: KindLocal, Err: fmt.Errorf("%w: %s", ErrInvalid, clean(reason, maxMessage))}
}

// refused returns the error for a call that failed before anything was sent. If the context has
// ended, its error decides the kind.
func (c call) refused(ctx context.Context, cause error) *Error {
	kind := KindLocal
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		kind = KindCanceled
	case ctx.Err() != nil:
		kind = KindTimeout
	}
	return &Error{Op: c.op, Subject: c.subject, Kind: kind, Err: withContextError(ctx, cause)}
}

// withContextError makes errors.Is find the context's error in err, even if the context has its
// own cause.
func withContextError(ctx context.Context, err error) error {
	if end := ctx.Err(); end != nil && !errors.Is(err, end) {
		return fmt.Errorf("%w: %w", end, err)
	}
	return err
}

// wireQuery writes the query as it is sent, encoded as it is signed.
func (c call) wireQuery() string {
	text := appendURIEncoded(nil, c.action)
	query := c.query
	if c.clientToken != "" {
		query = append(query[:len(query):len(query)], param{"clientToken", c.clientToken})
	}
	for _, p := range query {
		if len(text) > 0 {
			text = append(text, '&')
		}
		text = append(appendURIEncoded(text, p.name), '=')
		text = appendURIEncoded(text, p.value)
	}
	return string(text)
}

// newRequest makes the unsigned HTTP request. It hides the body's type so that net/http sets no
// GetBody; with GetBody, net/http would resend the request when an idle connection is dead.
func (c *Client) newRequest(ctx context.Context, call call) (*http.Request, error) {
	target := c.endpoint.String() + call.path
	if query := call.wireQuery(); query != "" {
		target += "?" + query
	}
	req, err := http.NewRequestWithContext(ctx, call.method, target, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", c.config.UserAgent)
	req.Header.Set("Accept", "application/json")
	req.Header.Set(headerRequestID, newRequestID())
	if call.body != nil {
		req.Body = io.NopCloser(bytes.NewReader(call.body))
		req.ContentLength = int64(len(call.body))
		req.Header.Set("Content-Type", contentTypeJSON)
	}
	return req, nil
}
