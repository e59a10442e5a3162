package bubbletest

import (
	"net/http"
	"sync"
	"testing"

	"havip/test/pipenet"
)

// Serve serves the handler until the test ends. The transport that it returns leads there from every URL.
func Serve(tb testing.TB, handler http.Handler) *http.Transport {
	tb.Helper()
	network := pipenet.Listen()
	server := &http.Server{Handler: handler} //nolint:gosec // no stranger can reach it and be slow
	var served sync.WaitGroup
	served.Go(func() { _ = server.Serve(network) })
	transport := &http.Transport{DialContext: network.DialContext, MaxIdleConnsPerHost: 100}
	tb.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
		served.Wait()
	})
	return transport
}
