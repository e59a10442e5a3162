package main

import (
	"strings"
	"testing"
)

// A file's name cannot begin a line, nor an error.
func TestTalkIsHarmless(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	a := &app{streams: streams{err: &out}}
	a.say("\n%s: %d of %q", "a\x1b[7m\nb", 3, "c\n")
	if want := "\na�[7m b: 3 of \"c \"\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	out.Reset()
	a.quiet = true
	a.say("talk")
	a.complain("an error")
	if strings.Contains(out.String(), "talk") || out.String() == "" {
		t.Errorf("quiet: %q", out.String())
	}
}
