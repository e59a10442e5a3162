package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"syscall"

	"github.com/rs/zerolog"

	"havip/internal/cli"
	"havip/internal/telemetry"
)

// routes returns what --listen serves.
func routes(health *telemetry.Health, metrics, console http.Handler) *http.ServeMux {
	mux := http.NewServeMux()
	health.Mount(mux)
	mux.Handle("GET /metrics", metrics)
	mux.Handle("/", console)
	return mux
}

// listen serves the routes at the address of a flag until the process ends, if an address is given. A default that is in use
// serves none: several workers may run on a machine.
func listen(ctx context.Context, s settings, flag, address string, routes http.Handler, log zerolog.Logger) error {
	if address == "" {
		return nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) && !s.flags.Changed(flag) {
		log.Info().Str("address", address).Msg("the default address of --" + flag + " is in use; this worker serves nothing there")
		return nil
	}
	if err != nil {
		return cli.Failf(cli.ExitConfig, "--%s %s: %w", flag, address, err)
	}
	log.Info().Str("address", listener.Addr().String()).Msg("serving HTTP for --" + flag)
	go func() {
		// Even while the worker stops: its readiness is then asked for.
		if err := telemetry.Serve(context.WithoutCancel(ctx), listener, routes); err != nil && !errors.Is(err, net.ErrClosed) {
			log.Error().Err(err).Msg("serving HTTP ended")
		}
	}()
	return nil
}
