package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"havip/internal/cli"
	"havip/internal/render"
)

// CanAsk reports whether a person can be asked: both stdin and stderr are terminals.
func (t *IO) CanAsk() bool { return cli.IsTerminal(t.In) && cli.IsTerminal(t.Err) }

// Ask asks for a yes. Any other answer is an error with the text notDone, which says what was not done.
func (t *IO) Ask(ctx context.Context, question, notDone string) error {
	_, _ = fmt.Fprint(t.Err, render.Printable(question)+" [y/N] ")
	answer, err := t.line(ctx)
	if ctx.Err() != nil {
		t.Infof("")
		return cli.Failf(cli.ExitInterrupted, "interrupted; %s", notDone)
	}
	if err != nil {
		return err
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return cli.Failf(cli.ExitInterrupted, "%s", notDone)
	}
	return nil
}

// line reads a line of input. Ctrl-C ends the wait; the reading goroutine then ends with the process.
func (t *IO) line(ctx context.Context) (string, error) {
	type read struct {
		text string
		err  error
	}
	lines := make(chan read, 1)
	go func() {
		text, err := bufio.NewReader(t.In).ReadString('\n')
		lines <- read{text, err}
	}()
	select {
	case got := <-lines:
		if errors.Is(got.err, io.EOF) {
			got.err = nil
		}
		return got.text, got.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}
