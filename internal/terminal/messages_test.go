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
