package main

import (
	"context"

	"github.com/rs/zerolog"

	"havip/internal/cli"
	"havip/internal/tracing"
)

// startTraces starts tracing, if the variables ask for it.
func startTraces(ctx context.Context, getenv cli.Getenv, log zerolog.Logger) (*tracing.Tracing, error) {
	traces, err := tracing.Start(ctx, "havip-worker", getenv, func(err error) { log.Warn().Err(err).Msg("traces not sent") })
	return traces, cli.Fail(cli.ExitConfig, err)
}
