package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"havip/ledger"
)

const (
	// sendTimeout limits one attempt, from connecting to the end of the answer. It is shorter than a
	// worker's shutdown grace.
	sendTimeout = 10 * time.Second
	// maxAnswer is how much of an answer is read, so that the connection can be reused.
	maxAnswer = 16 << 10
	// maxAnswerHead limits the answer's headers.
	maxAnswerHead = 64 << 10
)

// Sender sends notifications. It is safe for concurrent use.
type Sender struct {
	hosts   Hosts
	secrets Secrets
	client  *http.Client
	timeout time.Duration
	now     func() time.Time
}

// NewSender returns a sender that calls only the given hosts and signs with the secrets.
func NewSender(hosts Hosts, secrets Secrets) *Sender {
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		MaxResponseHeaderBytes: maxAnswerHead,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    concurrency,
		IdleConnTimeout:        30 * time.Second,
		ForceAttemptHTTP2:      true,
	}
	client := &http.Client{
		Transport: transport,
		// The target of a redirect may not be an allowed host.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Sender{hosts: hosts, secrets: secrets, client: client, timeout: sendTimeout, now: time.Now}
}

// Close releases idle connections.
func (s *Sender) Close() { s.client.CloseIdleConnections() }

// answer is the result of an attempt.
type answer struct {
	outcome ledger.NotificationOutcome
	// detail describes the result without any text of the receiver's.
	detail string
	// retryAfter is the receiver's Retry-After, or 0.
	retryAfter time.Duration
}

// send makes one attempt.
func (s *Sender) send(ctx context.Context, target string, message Message) answer {
	u, err := ParseURL(target)
	if err != nil {
		return answer{outcome: ledger.NotificationFailed, detail: "the URL: " + err.Error()}
	}
	if err := s.hosts.check(u); err != nil {
		return answer{outcome: ledger.NotificationDeferred, detail: err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	response, err := s.post(ctx, u, message)
	if err != nil {
		return answer{outcome: ledger.NotificationAttemptFailed, detail: s.reason(ctx, err)}
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, maxAnswer) // the content does not matter
	return classify(response)
}

func (s *Sender) post(ctx context.Context, u *url.URL, message Message) (*http.Response, error) {
	body := message.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "havip")
	if err := s.secrets.sign(request, message.ID, s.now(), body); err != nil {
		return nil, err
	}
	return s.client.Do(request)
}

// reason returns why there is no answer, without the URL and its query that net/http's error contains.
func (s *Sender) reason(ctx context.Context, err error) string {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Sprintf("no answer within %s", s.timeout)
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return err.Error()
}

// classify returns the result of an answer: 2xx is delivered, 410 a permanent failure, and any other a
// failed attempt, because the receiver may be repaired.
func classify(response *http.Response) answer {
	a := answer{outcome: ledger.NotificationAttemptFailed, detail: statusText(response.StatusCode)}
	switch code := response.StatusCode; {
	case code >= 200 && code < 300:
		a.outcome = ledger.NotificationDelivered
	case code == http.StatusGone:
		a.outcome = ledger.NotificationFailed
	case code >= 300 && code < 400:
		a.detail += "; redirects are not followed: use the URL that it redirects to"
	default:
		seconds, _ := strconv.ParseUint(response.Header.Get("Retry-After"), 10, 31)
		a.retryAfter = time.Duration(seconds) * time.Second
	}
	return a
}

func statusText(code int) string {
	text := strconv.Itoa(code)
	if words := http.StatusText(code); words != "" {
		text += " " + words
	}
	return text
}
