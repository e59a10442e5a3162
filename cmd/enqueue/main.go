// Command enqueue puts create-HaVIP tasks into the lanes' queues, follows them and shows what
// became of them.
package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"havip/internal/terminal"
)

func main() {
	cobra.EnableCommandSorting = false // the help has them in the order of their use
	os.Exit(run(context.Background(), os.Args[1:], terminal.New(os.Stdin, os.Stdout, os.Stderr, os.Getenv)))
}
