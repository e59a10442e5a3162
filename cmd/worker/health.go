package main

import (
	"context"
	"errors"
	"net"

	"github.com/redis/go-redis/v9"
	"github.com/rs/zerolog"

	"havip/internal/cli"
	"havip/internal/telemetry"
)

// listenHealth serves the health endpoints until ctx ends, if an address is given.
func listenHealth(ctx context.Context, address string, rdb redis.Cmdable, log zerolog.Logger) (*telemetry.Health, error) {
	health := telemetry.NewHealth(func(ctx context.Context) error { return rdb.Ping(ctx).Err() })
	if address == "" {
		return health, nil
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, cli.Failf(cli.ExitConfig, "--listen %s: %w", address, err)
	}
	log.Info().Str("address", listener.Addr().String()).Msg("serving health")
	go func() {
		if err := health.Serve(context.WithoutCancel(ctx), listener); err != nil && !errors.Is(err, net.ErrClosed) {
			log.Error().Err(err).Msg("health stopped")
		}
	}()
	return health, nil
}
