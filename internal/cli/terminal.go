package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// IsTerminal reports whether the stream is a terminal.
func IsTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) // #nosec G115 -- a descriptor fits an int
}

// TerminalWidth returns the width of the stream in cells, or fallback if it is not a terminal.
func TerminalWidth(w io.Writer, fallback int) int {
	if f, ok := w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 { // #nosec G115 -- see above
			return width
		}
	}
	return fallback
}
