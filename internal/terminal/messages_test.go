package terminal

import (
	"strings"
	"testing"
)

// A file's name cannot begin a line, nor an error.
func TestMessagesArePrintable(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	io := &IO{Err: &out}
	io.Infof("\n%s: %d of %q", "a\x1b[7m\nb", 3, "c\n")
	if want := "\na�[7m b: 3 of \"c \"\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	out.Reset()
	io.Quiet = true
	io.Infof("a message")
	io.Errorf("an error")
	if strings.Contains(out.String(), "message") || out.String() == "" {
		t.Errorf("quiet: %q", out.String())
	}
}

// Commands in messages work in the store of the command that proposes them.
func TestProposedCommandsNameTheStore(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"follow it with `enqueue watch b`; see `enqueue results -- -b`": "follow it with `enqueue --state-dir d watch b`; see `enqueue --state-dir d results -- -b`",
		"repeat `enqueue apply f --state-dir d`":                        "repeat `enqueue apply f --state-dir d`",
		"`enqueue help environment`, enqueue and `worker --lane l`":     "`enqueue help environment`, enqueue and `worker --lane l`",
	} {
		var out strings.Builder
		io := &IO{Err: &out, Store: "--state-dir d"}
		io.Errorf("%s", text)
		if got := out.String(); got != want+"\n" {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
