package bce

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"havip/test/freeport"
	"havip/test/pipenet"
)

const createBody = `{"name":"a","subnetId":"sbn-1","privateIpAddress":""}`

// create makes the call that matters most, and returns its error.
func create(ctx context.Context, t *testing.T, client *Client) *Error {
	t.Helper()
	out, err := client.CreateHaVIPBody(ctx, "token-1", []byte(createBody))
	var failure *Error
	if !errors.As(err, &failure) {
		t.Fatalf("create = %+v, %v; want an *Error", out, err)
	}
	return failure
}

// expectFailure also checks that the attempt was reported alike.
func expectFailure(t *testing.T, failure *Error, attempt Attempt, kind Kind, sent bool) {
	t.Helper()
	if failure.Kind != kind || failure.Sent != sent {
		t.Errorf("kind, sent = %v, %t; want %v, %t (%v)", failure.Kind, failure.Sent, kind, sent, failure)
	}
	if attempt.Kind != failure.Kind || attempt.Sent != failure.Sent || attempt.StatusCode != failure.StatusCode {
		t.Errorf("the attempt %+v says otherwise than the error %+v", attempt, failure)
	}
	assertNoSecret(t, "the error", failure.Error())
}

func TestNotSentConnectionRefused(t *testing.T) {
	t.Parallel()
	addr := freeport.Reserve(t)
	for _, scheme := range []string{"http", "https"} {
		client, seen := newTestClient(t, scheme+"://"+addr, nil)
		failure := create(t.Context(), t, client)
		expectFailure(t, failure, seen.only(t), KindDial, false)
		if !errors.Is(failure, syscall.ECONNREFUSED) {
			t.Errorf("the cause is lost: %v", failure)
		}
	}
}

func TestNotSentUnknownName(t *testing.T) {
	t.Parallel()
	resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no name server in this test")
	}}
	client, seen := newTestClient(t, "https://bcc.nowhere.invalid", func(c *Config) { c.Transport = nil })
	transport := newTransport(client.config.Timeouts, nil)
	d := dialer{net: net.Dialer{Resolver: resolver}, tls: &tls.Config{}, tlsTimeout: time.Second}
	transport.DialContext, transport.DialTLSContext, transport.Proxy = d.dial, d.dialTLS, nil
	client.transport = transport
	expectFailure(t, create(t.Context(), t, client), seen.only(t), KindDNS, false)
}

func TestNotSentUntrustedCertificate(t *testing.T) {
	t.Parallel()
	rec := &recorder{answer: `{"haVipId":"havip-1"}`}
	server := httptest.NewUnstartedServer(rec)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	server.StartTLS()
	defer server.Close()
	client, seen := newTestClient(t, server.URL, nil)
	failure := create(t.Context(), t, client)
	expectFailure(t, failure, seen.only(t), KindTLS, false)
	var unknown x509.UnknownAuthorityError
	if !errors.As(failure, &unknown) {
		t.Errorf("the cause is lost: %v", failure)
	}
	if n := len(rec.requests()); n != 0 {
		t.Errorf("the server saw %d requests", n)
	}
}

func TestNotSentBrokenHandshake(t *testing.T) {
	t.Parallel()
	for name, serve := range map[string]func(int, net.Conn){
		"closed":     func(_ int, conn net.Conn) { _, _ = conn.Read(make([]byte, 1)); reset(conn) },
		"not TLS":    func(_ int, conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n") },
		"never ends": func(_ int, conn net.Conn) { _, _ = io.Copy(io.Discard, conn) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, seen := newTestClient(t, "https://"+rawServer(t, serve), func(c *Config) { c.Timeouts.TLS = 50 * time.Millisecond })
			expectFailure(t, create(t.Context(), t, client), seen.only(t), KindTLS, false)
		})
	}
}

func TestNotSentCanceledBefore(t *testing.T) {
	t.Parallel()
	client, seen := newTestClient(t, "http://127.0.0.1:1", nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	failure := create(ctx, t, client)
	if failure.Kind != KindCanceled || failure.Sent || !errors.Is(failure, context.Canceled) {
		t.Errorf("failure = %+v", failure)
	}
	if n := len(seen.all()); n != 0 {
		t.Errorf("%d attempts were reported for a call that made none", n)
	}
}

// In a bubble the time begins when the request was sent and nothing else is left to do.
func TestSentNoAnswerInTime(t *testing.T) {
	t.Parallel()
	const limit = 50 * time.Millisecond
	for name, timeouts := range map[string]Timeouts{
		"response header": {ResponseHeader: limit},
		"total":           {Total: limit},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client, seen := newTestClient(t, "http://127.0.0.1", func(c *Config) { c.Timeouts = timeouts })
				transport := newTransport(client.config.Timeouts, nil)
				transport.DialContext = silentServer(t)
				client.transport = transport
				began := time.Now()
				failure := create(t.Context(), t, client)
				if took := time.Since(began); took != limit {
					t.Errorf("took %s, want %s", took, limit)
				}
				expectFailure(t, failure, seen.only(t), KindTimeout, true)
				var network net.Error
				if !errors.Is(failure, context.DeadlineExceeded) && (!errors.As(failure, &network) || !network.Timeout()) {
					t.Errorf("nothing in %v says that it is a timeout", failure)
				}
			})
		})
	}
}

// silentServer reads what one connection sends, without an answer. It returns what connects to it.
func silentServer(t *testing.T) func(ctx context.Context, network, addr string) (net.Conn, error) {
	t.Helper()
	listener := pipenet.Listen()
	var served sync.WaitGroup
	served.Go(func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	})
	t.Cleanup(func() {
		_ = listener.Close()
		served.Wait()
	})
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := listener.DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return newCountedConn(conn), nil
	}
}

func TestSentConnectionLost(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(net.Conn){
		"reset":    reset,
		"closed":   func(conn net.Conn) { _ = conn.Close() },
		"no HTTP":  func(conn net.Conn) { _, _ = io.WriteString(conn, "SSH-2.0-OpenSSH\r\n\r\n") },
		"half way": func(conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nDate: x") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			addr := rawServer(t, func(_ int, conn net.Conn) {
				if _, err := readRequest(bufio.NewReader(conn)); err == nil {
					requests.Add(1)
				}
				end(conn)
			})
			client, seen := newTestClient(t, "http://"+addr, nil)
			expectFailure(t, create(t.Context(), t, client), seen.only(t), KindBroken, true)
			if n := requests.Load(); n != 1 {
				t.Errorf("the server saw %d requests; want 1", n)
			}
		})
	}
}

func TestSentCanceledInFlight(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	addr := rawServer(t, func(_ int, conn net.Conn) {
		_, _ = readRequest(bufio.NewReader(conn))
		close(arrived)
		_, _ = io.Copy(io.Discard, conn)
	})
	client, seen := newTestClient(t, "http://"+addr, nil)
	reason := errors.New("shutting down")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		<-arrived
		cancel(reason)
	}()
	failure := create(ctx, t, client)
	expectFailure(t, failure, seen.only(t), KindCanceled, true)
	if !errors.Is(failure, context.Canceled) || !errors.Is(failure, reason) {
		t.Errorf("context.Canceled or its cause is lost: %v", failure)
	}
}

func TestSentTruncatedAnswer(t *testing.T) {
	t.Parallel()
	addr := rawServer(t, func(_ int, conn net.Conn) {
		_, _ = readRequest(bufio.NewReader(conn))
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nx-bce-request-id: r-1\r\nDate: Mon, 02 Apr 2018 08:14:25 GMT\r\nContent-Length: 100\r\n\r\n{\"haVip")
	})
	client, seen := newTestClient(t, "http://"+addr, nil)
	failure := create(t.Context(), t, client)
	expectFailure(t, failure, seen.only(t), KindUnreadable, true)
	if failure.StatusCode != http.StatusOK || failure.RequestID != "r-1" || failure.ServerDate.IsZero() || !errors.Is(failure, io.ErrUnexpectedEOF) {
		t.Errorf("failure = %+v; want status, request ID, date and cause", failure)
	}
}

// TestSentStaleConnection lets the server close a kept connection just as the next create
// arrives on it. net/http repeats a request that it can rewind in this case; a create must
// neither be repeated nor be called unsent.
func TestSentStaleConnection(t *testing.T) {
	t.Parallel()
	var creates atomic.Int32
	addr := rawServer(t, func(_ int, conn net.Conn) {
		reader := bufio.NewReader(conn)
		for {
			req, err := readRequest(reader)
			if err != nil {
				return
			}
			if req.Method == http.MethodPost {
				creates.Add(1)
				reset(conn)
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n{\"haVips\":[]}")
		}
	})
	client, seen := newTestClient(t, "http://"+addr, nil)
	if _, err := client.ListHaVIPs(t.Context(), ListOptions{}); err != nil {
		t.Fatal(err)
	}
	failure := create(t.Context(), t, client)
	expectFailure(t, failure, seen.all()[1], KindBroken, true)
	if n := creates.Load(); n != 1 {
		t.Errorf("the server saw %d creates; want 1", n)
	}
}

// TestRequestCannotBeRewound holds the condition under which net/http repeats nothing with a
// body.
func TestRequestCannotBeRewound(t *testing.T) {
	t.Parallel()
	client, _ := newTestClient(t, "http://127.0.0.1:1", nil)
	req, err := client.newRequest(t.Context(), call{method: http.MethodPost, path: haVIPPath, body: []byte(createBody)})
	if err != nil {
		t.Fatal(err)
	}
	if req.GetBody != nil || req.Body == nil || req.Body == http.NoBody || req.ContentLength != int64(len(createBody)) {
		t.Errorf("GetBody set: %t, body %v, length %d", req.GetBody != nil, req.Body, req.ContentLength)
	}
	for name := range req.Header {
		if strings.HasSuffix(name, "Idempotency-Key") {
			t.Errorf("header %s makes net/http repeat the request", name)
		}
	}
}

func TestSentOverTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer server.Close()
	client, seen := newTestClient(t, server.URL, func(c *Config) { c.RootCAs = poolOf(server) })
	expectFailure(t, create(t.Context(), t, client), seen.only(t), KindBroken, true)
}

func poolOf(server *httptest.Server) *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return pool
}

// proxyTo is a proxy that makes tunnels and forwards no plain requests.
func proxyTo(t *testing.T, tunnel func(client net.Conn, target string)) *url.URL {
	t.Helper()
	addr := rawServer(t, func(_ int, conn net.Conn) {
		req, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		tunnel(conn, req.Host)
	})
	return &url.URL{Scheme: "http", Host: addr}
}

func pipe(a, b net.Conn) {
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = io.Copy(a, b); _ = a.Close() })
	_, _ = io.Copy(b, a)
	_ = b.Close()
	wg.Wait()
}

// TestSentThroughProxy covers TLS that net/http puts around our connection.
func TestSentThroughProxy(t *testing.T) {
	t.Parallel()
	abort := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	good := func(client net.Conn, target string) {
		server, err := net.Dial("tcp", target)
		if err != nil {
			return
		}
		_, _ = io.WriteString(client, "HTTP/1.1 200 OK\r\n\r\n")
		pipe(client, server)
	}
	refusing := func(client net.Conn, _ string) {
		_, _ = io.WriteString(client, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
	}
	for name, c := range map[string]struct {
		tunnel  func(net.Conn, string)
		trusted bool
		kind    Kind
		sent    bool
	}{
		"tunneled":       {good, true, KindBroken, true},
		"untrusted":      {good, false, KindTLS, false},
		"tunnel refused": {refusing, true, KindDial, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewUnstartedServer(abort)
			server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
			server.StartTLS()
			defer server.Close()
			pool := x509.NewCertPool()
			if c.trusted {
				pool = poolOf(server)
			}
			client, seen := newTestClient(t, server.URL, func(config *Config) { config.RootCAs = pool })
			transport := newTransport(client.config.Timeouts, pool)
			transport.Proxy = http.ProxyURL(proxyTo(t, c.tunnel))
			client.transport = transport
			defer transport.CloseIdleConnections()
			expectFailure(t, create(t.Context(), t, client), seen.only(t), c.kind, c.sent)
		})
	}
}

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(req *http.Request) (*http.Response, error) { return f(req) }

func TestSentIsAssumedOfForeignTransport(t *testing.T) {
	t.Parallel()
	fail := errors.New("lost")
	for name, transport := range map[string]roundTripFunc{
		"error":   func(*http.Request) (*http.Response, error) { return nil, fail },
		"nothing": func(*http.Request) (*http.Response, error) { return nil, nil }, //nolint:nilnil // a transport that breaks its contract
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, seen := newTestClient(t, "https://h", func(c *Config) { c.Transport = transport })
			expectFailure(t, create(t.Context(), t, client), seen.only(t), KindBroken, true)
		})
	}
}
