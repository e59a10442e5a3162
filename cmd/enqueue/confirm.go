package main

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

// canAsk reports whether there is somebody to ask.
func (a *app) canAsk() bool { return cli.IsTerminal(a.in) && cli.IsTerminal(a.err) }

// ask asks for a yes. Anything else is an error that says otherwise, what was not done.
func (a *app) ask(ctx context.Context, question, otherwise string) error {
	_, _ = fmt.Fprint(a.err, render.Printable(question)+" [y/N] ")
	answer, err := a.line(ctx)
	if ctx.Err() != nil {
		a.say("")
		return cli.Failf(cli.ExitInterrupted, "interrupted; %s", otherwise)
	}
	if err != nil {
		return err
	}
	if answer = strings.ToLower(strings.TrimSpace(answer)); answer != "y" && answer != "yes" {
		return cli.Failf(cli.ExitInterrupted, "%s", otherwise)
	}
	return nil
}

// line reads a line of input. Ctrl-C ends the wait; the reading goroutine then ends with the process.
func (a *app) line(ctx context.Context) (string, error) {
	type read struct {
		text string
		err  error
	}
	lines := make(chan read, 1)
	go func() {
		text, err := bufio.NewReader(a.in).ReadString('\n')
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
