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
	// sendTimeout bounds one attempt, from the connection to the end of the answer. It is shorter than a
	// stopping worker waits.
	sendTimeout = 10 * time.Second
	// maxAnswer is how much of an answer is read, so that the connection may be used again.
	maxAnswer = 16 << 10
	// maxAnswerHead bounds its headers.
	maxAnswerHead = 64 << 10
)

// Sender makes the requests. It is safe for concurrent use.
type Sender struct {
	hosts   Hosts
	secrets Secrets
	client  *http.Client
	timeout time.Duration
	now     func() time.Time
}

// NewSender returns a sender to the given hosts, which signs with the secrets.
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
		// Where a redirect leads, nobody has allowed.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Sender{hosts: hosts, secrets: secrets, client: client, timeout: sendTimeout, now: time.Now}
}

// Close releases idle connections.
func (s *Sender) Close() { s.client.CloseIdleConnections() }

// answer is what came of an attempt.
type answer struct {
	outcome ledger.NotificationOutcome
	// heard says it in a few words, none of them the receiver's.
	heard string
	// retryAfter is what the receiver asked for, or 0.
	retryAfter time.Duration
}

// send tells a URL of the message, once.
func (s *Sender) send(ctx context.Context, target string, message Message) answer {
	u, err := ParseURL(target)
	if err != nil {
		return answer{outcome: ledger.NotificationFailed, heard: "the URL: " + err.Error()}
	}
	if err := s.hosts.check(u); err != nil {
		return answer{outcome: ledger.NotificationDeferred, heard: err.Error()}
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	response, err := s.post(ctx, u, message)
	if err != nil {
		return answer{outcome: ledger.NotificationAttemptFailed, heard: s.reason(ctx, err)}
	}
	defer func() { _ = response.Body.Close() }()
	_, _ = io.CopyN(io.Discard, response.Body, maxAnswer) // what it says is of no interest
	return judge(response)
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

// reason is why there is no answer. An error of net/http repeats the URL with its query.
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

// judge: 2xx means that it was taken, and 410 that nobody is there any more. Other refusals may be a
// receiver's that is being mended.
func judge(response *http.Response) answer {
	a := answer{outcome: ledger.NotificationAttemptFailed, heard: statusText(response.StatusCode)}
	switch code := response.StatusCode; {
	case code >= 200 && code < 300:
		a.outcome = ledger.NotificationDelivered
	case code == http.StatusGone:
		a.outcome = ledger.NotificationFailed
	case code >= 300 && code < 400:
		a.heard += "; redirects are not followed, give the URL that it leads to"
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
