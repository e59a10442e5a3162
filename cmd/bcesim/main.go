// Command bcesim serves a simulated HaVIP API on loopback, with faults on demand, to try clients without
// an account. It is [havip/bce/bcesim] with flags.
package main

import (
	"context"
	"os"

	"havip/internal/cli"
)

func main() {
	cli.OutliveReaders()
	ctx, release := cli.OnSignal(context.Background())
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr, cli.WithSecretFiles(os.Getenv))
	release()
	os.Exit(code)
}
