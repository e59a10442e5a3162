package main

import (
	"fmt"
	"io"

	"havip/internal/render"
)

// say writes a line of talk, unless told to be quiet. Whatever stands in the arguments cannot act on a
// terminal, nor begin a line of its own; only the format can.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		a.complain(format, args...)
	}
}

// complain is say for what is a part of an error, and so is written in any case. A broken stderr is
// nobody's to report to.
func (a *app) complain(format string, args ...any) {
	_, _ = fmt.Fprintf(a.err, format+"\n", harmless(args)...)
}

// talk is where others write what they have to say.
func (a *app) talk() io.Writer {
	if a.quiet {
		return io.Discard
	}
	return a.err
}

// harmless makes the texts among the arguments of a format printable.
func harmless(args []any) []any {
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
