package e2e

import (
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
)

// TestHelpFitsTheTerminal: no word of help is cut in two by the terminal's edge. Commands to copy stay on
// one line, whatever its width.
func TestHelpFitsTheTerminal(t *testing.T) {
	t.Parallel()
	const width = 80
	w := emptyWorld(t)
	for _, args := range [][]string{{"apply", "--yes", "--help"}, {"plan", "--help"}, {"help", "formats"}, {"help", "environment"}, {"help", "exit-codes"}} {
		term := w.terminalOf(t, width, args...)
		if code := term.wait(t); code != 0 {
			t.Errorf("%v: exit code %d", args, code)
		}
		for line := range strings.Lines(strings.ReplaceAll(term.screen.String(), "\r", "")) {
			line = strings.TrimSuffix(line, "\n")
			if runewidth.StringWidth(line) > width && !strings.HasPrefix(line, "  enqueue ") {
				t.Errorf("%v: %q", args, line)
			}
		}
	}
}
