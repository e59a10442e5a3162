package main

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/intake"
	"havip/internal/render"
	"havip/internal/report"
	"havip/internal/session"
	"havip/internal/terminal"
	"havip/test/helptest"
)

func newTestRoot() *cobra.Command {
	return newRoot(&session.Factory{IO: terminal.New(strings.NewReader(""), io.Discard, io.Discard, func(string) string { return "" })})
}

func TestHelp(t *testing.T) {
	t.Parallel()
	helptest.Commands(t, newTestRoot)
}

// The topics are complete: whatever there is to know of, they name.
func TestTopics(t *testing.T) {
	t.Parallel()
	topics := map[string][]string{
		"formats":     slices.Concat(render.Formats(), intake.Formats(), report.StateNames(), render.Fields[render.Result](), []string{"--json", "--csv-safe"}),
		"environment": {"NO_COLOR", "HAVIP_PAGER", "BCE_ACCESS_KEY_ID"},
		"exit-codes":  {},
	}
	for _, v := range cli.Variables(newTestRoot()) {
		topics["environment"] = append(topics["environment"], v.Name, v.Flag)
	}
	for _, code := range cli.ExitCodes() {
		topics["exit-codes"] = append(topics["exit-codes"], code.Meaning)
	}
	for topic, words := range topics {
		root := newTestRoot()
		var out bytes.Buffer
		root.SetOut(&out)
		root.SetArgs([]string{"help", topic})
		if err := root.ExecuteContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, word := range words {
			if !strings.Contains(out.String(), word) {
				t.Errorf("help %s does not name %s", topic, word)
			}
		}
	}
}
