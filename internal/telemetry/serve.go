package telemetry

import (
	"context"
	"net"
	"net/http"
	"time"
)

// readHeaderTimeout limits a client that sends its request slowly.
const readHeaderTimeout = 2 * time.Second

// Serve serves a handler on the listener until ctx ends.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: readHeaderTimeout}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}
