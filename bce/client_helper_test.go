package bce

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// patience is the last guard of a call: far beyond what it takes on any machine.
const patience = 5 * time.Minute

var clientTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// attempts collects the calls of OnAttempt.
type attempts struct {
	mu   sync.Mutex
	list []Attempt
}

func (a *attempts) add(one Attempt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = append(a.list, one)
}

func (a *attempts) all() []Attempt {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.list
}

// only returns the one attempt there must have been.
func (a *attempts) only(t *testing.T) Attempt {
	t.Helper()
	all := a.all()
	if len(all) != 1 {
		t.Fatalf("there were %d attempts; want 1: %+v", len(all), all)
	}
	return all[0]
}

// newTestClient returns a client of the endpoint; change may be nil.
func newTestClient(t *testing.T, endpoint string, change func(*Config)) (*Client, *attempts) {
	t.Helper()
	seen := &attempts{}
	config := Config{
		Endpoint:    endpoint,
		Credentials: NewStaticProvider(NewCredentials(printID, printSecret, printToken)),
		Now:         func() time.Time { return clientTime },
		OnAttempt:   seen.add,
		Timeouts:    Timeouts{Dial: patience, TLS: patience, ResponseHeader: patience, Total: patience},
	}
	if change != nil {
		change(&config)
	}
	client, err := NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.CloseIdleConnections)
	return client, seen
}

// request is what a server saw.
type request struct {
	Method, URI, Host, Body string
	Header                  http.Header
	TransferEncoding        []string
}

// recorder answers every request alike and remembers it.
type recorder struct {
	status  int
	header  http.Header
	answer  string
	mu      sync.Mutex
	request []request
}

func (rec *recorder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	rec.mu.Lock()
	rec.request = append(rec.request, request{r.Method, r.RequestURI, r.Host, string(body), r.Header, r.TransferEncoding})
	rec.mu.Unlock()
	for name, values := range rec.header {
		w.Header()[name] = values
	}
	if rec.status != 0 {
		w.WriteHeader(rec.status)
	}
	_, _ = io.WriteString(w, rec.answer)
}

func (rec *recorder) requests() []request {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	return rec.request
}

// serve starts the recorder and returns a client of it.
func (rec *recorder) serve(t *testing.T, change func(*Config)) (*Client, *attempts) {
	t.Helper()
	server := httptest.NewServer(rec)
	t.Cleanup(server.Close)
	return newTestClient(t, server.URL, change)
}

// rawServer hands each connection, with its number from 0, to serve, and returns the
// address. It waits for all of them at the end of the test.
func rawServer(t *testing.T, serve func(n int, conn net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := 0; ; n++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer func() { _ = conn.Close() }()
				serve(n, conn)
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		wg.Wait()
	})
	return listener.Addr().String()
}

// readRequest reads one whole request from a raw connection.
func readRequest(reader *bufio.Reader) (*http.Request, error) {
	req, err := http.ReadRequest(reader)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, req.Body)
	return req, err
}

// reset makes closing the connection send RST.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
