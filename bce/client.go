package bce

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Client calls the HaVIP API of one endpoint. It is safe for concurrent use and holds
// connections: make one per endpoint and account, and share it.
type Client struct {
	config   Config
	endpoint *url.URL
	// transport is the configured one or our own; only of our own is known what it wrote.
	transport    http.RoundTripper
	ownTransport bool
	signer       *Signer
	clock        clock
}

// NewClient checks the configuration and returns a client. It sends nothing and does not
// ask for credentials yet.
func NewClient(config Config) (*Client, error) {
	config = config.withDefaults()
	if err := config.validate(); err != nil {
		return nil, fmt.Errorf("new client: %w", err)
	}
	endpoint, err := config.endpoint()
	if err != nil {
		return nil, fmt.Errorf("new client: %w", err)
	}
	client := &Client{
		config:    config,
		endpoint:  endpoint,
		transport: config.Transport,
		signer:    NewSigner(),
	}
	if client.transport == nil {
		client.transport = newTransport(config.Timeouts, config.RootCAs)
		client.ownTransport = true
	}
	return client, nil
}

// Endpoint returns scheme and host of where the client sends.
func (c *Client) Endpoint() string { return c.endpoint.String() }

// Loopback reports whether the client sends to a loopback address, where BCE never is: to a simulator, or a tunnel.
func (c *Client) Loopback() bool { return isLoopback(c.endpoint.Hostname()) }

// ClockOffset returns what is added to the local clock when signing: the server's clock minus ours. The
// client learns it from the dates of BCE's answers; see [WithDate], too. It is 0 while the two are less
// than half a minute apart.
//
// A single answer is believed only where it refuses the request for its date, or agrees with the local clock.
func (c *Client) ClockOffset() time.Duration { return c.clock.get() }

// KeyDigest is the [Credentials.Fingerprint] of the present access key.
func (c *Client) KeyDigest(ctx context.Context) (string, error) {
	credentials, err := c.config.Credentials.Retrieve(ctx)
	return credentials.Fingerprint(), err
}

// SetClockOffset sets the offset, for a caller that knows it already. Later answers correct it.
func (c *Client) SetClockOffset(offset time.Duration) { c.clock.set(offset) }

// CloseIdleConnections closes the connections that no call is using.
func (c *Client) CloseIdleConnections() {
	if closer, ok := c.transport.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

// ResponseMeta is what every answer carries besides its content.
type ResponseMeta struct {
	StatusCode int
	RequestID  string
	// Date is the server's clock when it answered; zero if the answer did not say.
	Date time.Time
	// Duration is the time from before connecting until the answer was read.
	Duration time.Duration
}

// do carries out one call in one HTTP request. The order is: credentials, as they may take
// time; then the signature, which is dated; then sending; then judging what came back.
func (c *Client) do(ctx context.Context, call call) (ResponseMeta, error) {
	total := c.config.Timeouts.Total
	ctx, cancel := context.WithTimeoutCause(ctx, total, fmt.Errorf("no answer within %v: %w", total, context.DeadlineExceeded))
	defer cancel()

	credentials, err := c.credentials(ctx)
	if err != nil {
		return ResponseMeta{}, call.refused(ctx, err)
	}
	req, err := c.newRequest(ctx, call)
	if err != nil {
		return ResponseMeta{}, call.refused(ctx, err)
	}
	signedAt := c.date(ctx)
	input := SignInput{Credentials: credentials, Time: signedAt, Expiry: signatureLife(ctx)}
	if err := c.signer.Sign(req, input); err != nil {
		return ResponseMeta{}, call.refused(ctx, err)
	}

	answer := c.exchange(req, c.config.MaxResponseBytes+call.extraBytes)
	answer.redact = redactionsFor(req, credentials)
	meta, failure := answer.judge(call)
	c.learnClock(answer, meta, failure)
	c.observe(req, call, signedAt, meta, failure)
	if failure != nil {
		return ResponseMeta{}, failure
	}
	return meta, nil
}

// credentials asks the provider, unless the call has ended already.
func (c *Client) credentials(ctx context.Context) (Credentials, error) {
	if ctx.Err() != nil {
		return Credentials{}, context.Cause(ctx)
	}
	return c.config.Credentials.Retrieve(ctx)
}

// learnClock takes BCE's clock from its own answers only: what cannot be understood may be a gateway's.
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
