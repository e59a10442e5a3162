package screentest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is written in two pieces is shown as if it were written in one.
func TestPieces(t *testing.T) {
	t.Parallel()
	const text = "子网 10%\r\n2 created\x1b[F\x1b[2K子网 20%\r\n\x1b[2K3 created\x1b[F"
	for cut := range len(text) {
		redraws := 0
		s := New(12)
		s.Redrawn = func() { redraws++ }
		for _, piece := range []string{text[:cut], text[cut:]} {
			_, _ = s.Write([]byte(piece))
		}
		if diff := cmp.Diff([]string{"子网 20%", "3 created"}, s.Lines()); diff != "" || redraws != 2 {
			t.Fatalf("cut after %d bytes: %d redraws\n%s", cut, redraws, diff)
		}
	}
}

// A line that is too long goes on in the next, and what is erased is gone.
func TestWrapAndErase(t *testing.T) {
	t.Parallel()
	s := New(4)
	_, _ = s.Write([]byte("abcdef\rg\x1b[F\x1b[K"))
	if diff := cmp.Diff([]string{"gf"}, s.Lines()); diff != "" {
		t.Error(diff)
	}
	_, _ = s.Write([]byte("\x1b[J"))
	if lines := s.Lines(); len(lines) != 0 {
		t.Errorf("left: %q", lines)
	}
}
