package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/rs/zerolog"

	"havip/bce/bcesim"
)

// serveError is a network error, as opposed to a usage error.
type serveError struct{ error }

func (e serveError) Unwrap() error { return e.error }

// serve runs the simulator until ctx ends.
func serve(ctx context.Context, c config, stderr io.Writer) error {
	logger := zerolog.New(zerolog.SyncWriter(stderr)).Level(c.level).With().Timestamp().Logger()
	if logger.GetLevel() <= zerolog.DebugLevel {
		c.options.OnCall = func(call bcesim.Call) { logCall(logger, call) }
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.listen)
	if err != nil {
		return serveError{err}
	}
	sim := bcesim.New(c.options)
	server := &http.Server{Handler: sim, ReadHeaderTimeout: 10 * time.Second}
	announce(stderr, listener.Addr(), c)

	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return serveError{err}
	case <-ctx.Done():
	}
	sim.Close()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.drain)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		// A client with a busy connection must neither delay the end nor make it fail.
		err = server.Close()
		logger.Warn().AnErr("error", err).Msg("calls were cut off")
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return serveError{err}
	}
	stats := sim.Stats()
	logger.Info().Int64("calls", stats.Calls).Int("haVips", stats.Live).Int("duplicates", stats.Duplicates).Msg("stopped")
	return nil
}

// announce prints the address and how to point a client at it. Programs may read the first line. Keys
// from the environment are secret and not printed.
func announce(w io.Writer, address net.Addr, c config) {
	url := "http://" + reachable(address)
	fmt.Fprintf(w, "listening on %s\n", url)
	if reachable(address) != address.String() {
		fmt.Fprintf(w, "and on all addresses of this machine: %s\n", address)
	}
	fmt.Fprintf(w, "\nPoint a client at it:\n  export BCE_ENDPOINT=%s\n", url)
	if c.ownKeys {
		fmt.Fprintln(w, "  with the keys in this program's environment")
	} else {
		fmt.Fprintf(w, "  export BCE_ACCESS_KEY_ID=%s\n  export BCE_SECRET_ACCESS_KEY=%s\n", bcesim.SandboxKey, bcesim.SandboxKey)
	}
	if faults := c.options.Faults.String(); faults != "" {
		fmt.Fprintf(w, "Faults in force: %s\n", faults)
	}
	fmt.Fprintf(w, "Statistics: %s%sstats\n\n", url, bcesim.ControlPrefix)
}

// reachable returns an address for clients: loopback if it listens on all interfaces.
func reachable(address net.Addr) string {
	tcp, ok := address.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return address.String()
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
}

// logCall logs one line per call, without signature and keys.
func logCall(logger zerolog.Logger, call bcesim.Call) {
	logger.Debug().
		Int64("call", call.Number).
		Str("operation", string(call.Operation)).
		Str("method", call.Method).
		Str("path", call.Path).
		Str("clientToken", call.ClientToken).
		Int("status", call.Status).
		Str("code", call.Code).
		Str("fault", call.Fault).
		Str("haVipId", call.HaVIPID).
		Bool("replayed", call.Replayed).
		Str("requestId", call.RequestID).
		Dur("took", call.End.Sub(call.Start)).
		Msg("call")
}
