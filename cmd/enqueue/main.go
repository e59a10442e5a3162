// Command enqueue puts create-HaVIP tasks into the lanes' queues, follows them and shows what
// became of them.
package main

import (
	"context"
	"os"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}, os.Getenv))
}
