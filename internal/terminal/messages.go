package terminal

import (
	"fmt"
	"io"

	"havip/internal/render"
)

// Infof writes a message to stderr, unless quiet. The arguments cannot act on a terminal, nor begin a
// line of their own; only the format can.
func (t *IO) Infof(format string, args ...any) {
	if !t.Quiet {
		t.Errorf(format, args...)
	}
}

// Errorf writes a part of an error to stderr, also when quiet. Nobody could be told of a stderr that
// cannot be written to.
func (t *IO) Errorf(format string, args ...any) {
	_, _ = fmt.Fprintf(t.Err, format+"\n", printable(args)...)
}

// Messages is where others write messages.
func (t *IO) Messages() io.Writer {
	if t.Quiet {
		return io.Discard
	}
	return t.Err
}

// printable makes the texts among the arguments of a format printable.
func printable(args []any) []any {
	safe := make([]any, len(args))
	for i, arg := range args {
		switch text := arg.(type) {
		case string:
			safe[i] = render.Printable(text)
		case error:
			safe[i] = render.Printable(text.Error())
		case fmt.Stringer:
			safe[i] = render.Printable(text.String())
		default:
			safe[i] = arg
		}
	}
	return safe
}
