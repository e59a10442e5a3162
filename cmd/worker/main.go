// Command worker runs tasks that create HaVIPs: it takes them from the lanes' queues, makes the signed API
// calls and records every outcome in the ledger.
package main

import (
	"context"
	"os"

	"havip/internal/cli"
)

func main() {
	cli.OutliveReaders()
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr, cli.WithSecretFiles(os.Getenv)))
}
