package terminal

import (
	"fmt"
	"io"
	"regexp"
	"strings"

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
	_, _ = fmt.Fprintln(aboveBar{t}, t.WithStore(fmt.Sprintf(format, printable(args)...)))
}

// WithStore has the commands that a text proposes work in the store of this one. The flag stands before their names,
// where nothing that follows changes what it means.
func (t *IO) WithStore(text string) string {
	if t.Store == "" {
		return text
	}
	return proposed.ReplaceAllStringFunc(text, func(command string) string {
		if strings.Contains(command, t.Store) || strings.HasPrefix(command, "`enqueue help ") {
			return command
		}
		return "`enqueue " + t.Store + strings.TrimPrefix(command, "`enqueue")
	})
}

// proposed matches a command in a text, up to a backtick that may be part of a name in it.
var proposed = regexp.MustCompile("`enqueue [^`]*")

// aboveBar writes lines to stderr, above a progress bar that is drawn there.
type aboveBar struct{ *IO }

// Write writes whole lines.
func (w aboveBar) Write(lines []byte) (n int, err error) {
	w.bar.Load().Above(func() { n, err = w.Err.Write(lines) })
	return n, err
}

// Messages is where others write messages, whole lines at a time.
func (t *IO) Messages() io.Writer {
	if t.Quiet {
		return io.Discard
	}
	return aboveBar{t}
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
