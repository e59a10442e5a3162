package e2e

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// collector is an OTLP collector that keeps what it receives. In protobuf, texts are readable.
type collector struct {
	url string
	mu  sync.Mutex
	raw bytes.Buffer
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

func (c *collector) ServeHTTP(_ http.ResponseWriter, request *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, _ = io.Copy(&c.raw, request.Body) // what is missing fails the test
}

func (c *collector) text() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.raw.String()
}

// TestRunIsTraced: the one process of run sends what enqueue and a worker would: the command, the items, and their calls.
func TestRunIsTraced(t *testing.T) {
	t.Parallel()
	w := emptyWorld(t)
	traces := newCollector(t)
	w.env = append(w.env, "OTEL_EXPORTER_OTLP_ENDPOINT="+traces.url)
	w.enqueue(t, "run", "--sandbox", w.write(t, "traced.csv", rowsOf(2)))
	for _, span := range []string{"enqueue item", "process item", "POST /v1/havip"} {
		if !strings.Contains(traces.text(), span) {
			t.Errorf("no span %q was sent", span)
		}
	}
}
