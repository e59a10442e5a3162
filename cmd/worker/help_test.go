package main

import (
	"io"
	"testing"

	"github.com/spf13/cobra"

	"havip/test/helptest"
)

func TestHelp(t *testing.T) {
	t.Parallel()
	helptest.Commands(t, func() *cobra.Command { return newCommand(io.Discard, func(string) string { return "" }) })
}
