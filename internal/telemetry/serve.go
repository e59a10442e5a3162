package telemetry

import (
	"context"
	"net"
	"net/http"
	"time"
)

const (
	// readHeaderTimeout and readTimeout limit a client that sends its request slowly, and writeTimeout one that reads slowly; a page
	// that updates itself, and a profile, extend their own.
	readHeaderTimeout, readTimeout, writeTimeout = 2 * time.Second, 10 * time.Second, 30 * time.Second
	// idleTimeout is how long a connection may stay open between two requests.
	idleTimeout = 2 * time.Minute
	// maxHeader bounds the header of a request.
	maxHeader = 32 << 10
)

// Serve serves a handler on the listener until ctx ends.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: readHeaderTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}
