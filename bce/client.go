package bce

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Client calls the HaVIP API of one endpoint. It is safe for concurrent use and pools
// connections: create one per endpoint and account, and share it.
type Client struct {
	config   Config
	endpoint *url.URL
	// transport is the configured one or our own; only our own reports what it wrote.
	transport    http.RoundTripper
	ownTransport bool
	signer       *Signer
	clock        clock
	// noAnswer is the cause of a call's end after the total timeout.
	noAnswer error
}

// NewClient validates the configuration and returns a client. It does no I/O and does not
// retrieve credentials.
func NewClient(config Config) (*Client, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, err
	}
	endpoint, err := config.endpoint()
	if err != nil {
		return nil, err
	}
	client := &Client{
		config:    config,
		endpoint:  endpoint,
		transport: config.Transport,
		signer:    NewSigner(),
		noAnswer:  fmt.Errorf("no answer within %v: %w", config.Timeouts.Total, context.DeadlineExceeded),
	}
	if client.transport == nil {
		client.transport = newTransport(config.Timeouts, config.RootCAs)
		client.ownTransport = true
	}
	return client, nil
}

// Endpoint returns the endpoint's scheme and host.
func (c *Client) Endpoint() string { return c.endpoint.String() }

// Loopback reports whether the endpoint is a loopback address: a simulator or a tunnel.
func (c *Client) Loopback() bool { return isLoopback(c.endpoint.Hostname()) }

// ClockOffset returns what is added to the local clock when signing: the server's clock minus ours. The
// client learns it from the dates of BCE's answers; see also [WithDate]. It is 0 while the clocks differ by less
// than half a minute.
//
// One answer is enough only if it refuses the request for its date, or agrees with the local clock.
func (c *Client) ClockOffset() time.Duration { return c.clock.get() }

// Credentials returns the current credentials, with which the next request would be signed.
func (c *Client) Credentials(ctx context.Context) (Credentials, error) {
	return c.config.Credentials.Retrieve(ctx)
}

// KeyDigest returns the [Credentials.Fingerprint] of the current access key.
func (c *Client) KeyDigest(ctx context.Context) (string, error) {
	credentials, err := c.Credentials(ctx)
	return credentials.Fingerprint(), err
}

// SetClockOffset sets a known offset. Later answers correct it.
func (c *Client) SetClockOffset(offset time.Duration) { c.clock.set(offset) }

// CloseIdleConnections closes idle connections.
func (c *Client) CloseIdleConnections() {
	if closer, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

// ResponseMeta is the metadata of an answer.
type ResponseMeta struct {
	StatusCode int
	RequestID  string
	// Date is the server's clock when it answered; zero if the answer did not say.
	Date time.Time
	// Duration is the time from before connecting until the answer was read.
	Duration time.Duration
}

// do carries out one call in one HTTP request. It retrieves the credentials first, as that may
// take time, then signs, sends and parses the answer.
func (c *Client) do(ctx context.Context, call call) (ResponseMeta, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, c.config.Timeouts.Total, c.noAnswer)
	defer cancel()

	credentials, err := c.credentials(ctx)
	if err != nil {
		return ResponseMeta{}, call.refused(ctx, err)
	}
	sent := &sentWatch{assume: !c.ownTransport}
	req, err := c.newRequest(sent.watch(ctx), call)
	if err != nil {
		return ResponseMeta{}, call.refused(ctx, err)
	}
	signedAt := c.date(ctx)
	input := SignInput{Credentials: credentials, Time: signedAt, Expiry: signatureLife(ctx)}
	if err := c.signer.Sign(req, input); err != nil {
		return ResponseMeta{}, call.refused(ctx, err)
	}

	answer := c.exchange(req, sent, c.config.MaxResponseBytes+call.extraBytes)
	answer.redact, answer.request = redactionsFor(req, credentials), req
	meta, failure := answer.parse(call)
	c.learnClock(answer, meta, failure)
	c.observe(req, call, signedAt, meta, failure)
	if failure != nil {
		return ResponseMeta{}, failure
	}
	return meta, nil
}

// credentials asks the provider, unless the context has ended.
func (c *Client) credentials(ctx context.Context) (Credentials, error) {
	if ctx.Err() != nil {
		return Credentials{}, context.Cause(ctx)
	}
	return c.config.Credentials.Retrieve(ctx)
}

// learnClock learns BCE's clock from readable answers only: others may be a gateway's.
func (c *Client) learnClock(a answer, meta ResponseMeta, failure *Error) {
	if failure == nil || failure.Kind == KindAPI {
		c.clock.learn(meta.Date, a.at, a.duration, failure != nil && failure.Code == CodeRequestExpired)
	}
}

// observe reports the attempt.
func (c *Client) observe(req *http.Request, call call, signedAt time.Time, meta ResponseMeta, failure *Error) {
	if c.config.OnAttempt == nil {
		return
	}
	attempt := Attempt{
		Op:          call.op,
		Subject:     call.subject,
		Method:      req.Method,
		Path:        req.URL.EscapedPath(),
		ClientToken: call.clientToken,
		SignedAt:    signedAt,
		BodyHash:    bodyHash(call.body),
		BodySize:    len(call.body),
		Sent:        true,
		StatusCode:  meta.StatusCode,
		RequestID:   meta.RequestID,
		Duration:    meta.Duration,
	}
	if failure != nil {
		attempt.Kind = failure.Kind
		attempt.Sent = failure.Sent
		attempt.Code = failure.Code
		attempt.RequestID = failure.RequestID
	}
	c.config.OnAttempt(attempt)
}
