// Package oncomplete is the flag --on-complete: a URL that workers notify, or a command that this process runs,
// when a batch is complete.
package oncomplete

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"havip/bce"
	"havip/internal/cli"
	"havip/internal/notify"
	"havip/internal/terminal"
	"havip/ledger"
)

// Action is what happens when the batch is complete; its zero value is nothing.
type Action struct {
	// URL is notified by workers. At most one of it and the command is set.
	URL string
	// command is run by this process.
	command string
}

// commandGrace is how long an interrupted command may take to end.
const commandGrace = 5 * time.Second

// Define defines --on-complete.
func Define(f *pflag.FlagSet, text *string, usage string) {
	f.StringVar(text, "on-complete", "", usage)
}

// Parse reads the flag or its variable: a URL begins with https://, anything else is a command. Waits reports
// whether this process waits for the batch and so can run a command; store, whether it records a URL in the
// ledger for the workers.
func Parse(f *pflag.FlagSet, text string, waits, store bool) (Action, error) {
	switch {
	case !f.Changed("on-complete"), !store && notify.IsURL(text) && !cli.Given(f, "on-complete"):
		return Action{}, nil // a URL in the environment is meant for apply
	case strings.TrimSpace(text) == "":
		return Action{}, cli.Failf(cli.ExitUsage, "--on-complete: is empty; give an https:// URL or a command")
	case !notify.IsURL(text) && !waits:
		return Action{}, cli.Failf(cli.ExitUsage, "--on-complete: a command needs --wait, because this process runs it; or give a URL, which workers notify")
	case !notify.IsURL(text):
		return Action{command: text}, nil
	case !store:
		return Action{}, cli.Failf(cli.ExitUsage, "--on-complete: workers notify a URL, and only `enqueue apply FILE --on-complete URL` sets it; give a command here")
	}
	if _, err := notify.ParseURL(text); err != nil {
		return Action{}, cli.Failf(cli.ExitUsage, "--on-complete: the URL: %w", err)
	}
	return Action{URL: text}, nil
}

// Run runs the command, if there is one, after the batch is complete. Result is the batch's error: it takes
// precedence over the command's, which is then only printed.
func (a Action) Run(ctx context.Context, t *terminal.IO, b ledger.Batch, result error) error {
	if a.command == "" {
		return result
	}
	err := execute(ctx, t, a.command, b)
	if err == nil || result == nil {
		return err
	}
	t.Infof("%v", err)
	return result
}

// execute runs the command with data about the batch. Its output goes to stderr, because stdout is for data.
func execute(ctx context.Context, t *terminal.IO, text string, b ledger.Batch) error {
	message := notify.MessageOf(b, notify.Latest(b))
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", text)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(append(message.Encode(), '\n')), t.Err, t.Err
	cmd.Env = append(publicEnvironment(os.Environ()), factsEnvironment(message)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = commandGrace
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return cli.Failf(cli.ExitInterrupted, "interrupted while the command of --on-complete ran")
	case errors.As(err, &exit):
		return cli.Failf(cli.ExitCommand, "batch %s is complete; the command of --on-complete failed: %s", b.Name, exit)
	}
	return cli.Failf(cli.ExitCommand, "batch %s is complete; the command of --on-complete was not run: %w", b.Name, err)
}

// factsEnvironment returns the message as variables. They are no flag's variables, so that an enqueue run by the
// command does not read them.
func factsEnvironment(m notify.Message) []string {
	return []string{
		"HAVIP_COMPLETED_BATCH=" + m.Data.Batch,
		"HAVIP_COMPLETED_ID=" + m.ID,
		"HAVIP_COMPLETED_TIMES=" + strconv.FormatInt(m.Data.Completion, 10),
		"HAVIP_COMPLETED_TOTAL=" + strconv.FormatInt(m.Data.Total, 10),
		"HAVIP_COMPLETED_FAILED=" + strconv.FormatInt(m.Data.Failed, 10),
	}
}

// withheld are variables that the command does not get: BCE's credentials, the workers' secrets, and the command
// itself, which an enqueue run by the command would run again.
var withheld = append(bce.SecretVariables(), "HAVIP_WEBHOOK_SECRET", "HAVIP_CONSOLE_TOKENS", "HAVIP_ON_COMPLETE")

func publicEnvironment(env []string) []string {
	return slices.DeleteFunc(env, func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(withheld, strings.TrimSuffix(name, "_FILE"))
	})
}
