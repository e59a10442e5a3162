package main

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

	"havip/internal/cli"
	"havip/internal/notify"
	"havip/ledger"
)

// onComplete is what is to happen when the batch is complete: at most one of its fields is set.
type onComplete struct {
	// url is told by workers, command is run by this process.
	url, command string
}

// commandGrace is how long an interrupted command has to end.
const commandGrace = 5 * time.Second

// completionFlag defines --on-complete. Its kind is told by its looks: a URL has https://.
func completionFlag(f *pflag.FlagSet, text *string, usage string) {
	f.StringVar(text, "on-complete", "", usage)
}

// parseOnComplete reads the flag, or its variable. Waits says whether this process waits for the batch, and so can run a
// command; store, whether it puts a URL into the ledger, from where workers take it.
func parseOnComplete(f *pflag.FlagSet, text string, waits, store bool) (onComplete, error) {
	switch {
	case !f.Changed("on-complete"), !store && notify.IsURL(text) && !cli.Given(f, "on-complete"):
		return onComplete{}, nil // a URL in the environment is meant for apply
	case strings.TrimSpace(text) == "":
		return onComplete{}, cli.Failf(cli.ExitUsage, "--on-complete: is empty; give an https:// URL or a command")
	case !notify.IsURL(text) && !waits:
		return onComplete{}, cli.Failf(cli.ExitUsage, "--on-complete: a command is run by who waits for the batch: add --wait, or give a URL, which workers tell")
	case !notify.IsURL(text):
		return onComplete{command: text}, nil
	case !store:
		return onComplete{}, cli.Failf(cli.ExitUsage, "--on-complete: a URL is told by workers, and is named with `enqueue apply FILE --on-complete URL`; here, give a command")
	}
	if _, err := notify.ParseURL(text); err != nil {
		return onComplete{}, cli.Failf(cli.ExitUsage, "--on-complete: the URL: %w", err)
	}
	return onComplete{url: text}, nil
}

// completed runs the command, if there is one, once the batch is complete. Result is what the batch came
// to: its exit code goes before the command's, of which is told in any case.
func (a *app) completed(ctx context.Context, o onComplete, b ledger.Batch, result error) error {
	if o.command == "" {
		return result
	}
	err := a.execute(ctx, o.command, b)
	if err == nil || result == nil {
		return err
	}
	a.Infof("%v", err)
	return result
}

// execute runs the command with the facts of the batch. What it prints is talk: stdout is the data's.
func (a *app) execute(ctx context.Context, text string, b ledger.Batch) error {
	message := notify.MessageOf(b, notify.Latest(b))
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", text)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(append(message.Encode(), '\n')), a.Err, a.Err
	cmd.Env = append(publicEnvironment(os.Environ()), factsEnvironment(message)...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = commandGrace
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return cli.Failf(cli.ExitInterrupted, "interrupted while the command of --on-complete ran: %w", ctx.Err())
	case errors.As(err, &exit):
		return cli.Failf(cli.ExitCommand, "batch %s is complete; the command of --on-complete failed: %s", b.Name, exit)
	}
	return cli.Failf(cli.ExitCommand, "batch %s is complete; the command of --on-complete was not run: %w", b.Name, err)
}

// factsEnvironment is the message for those who do not read JSON. Its names are no flag's variables: an
// enqueue that the command runs does not take them for its own.
func factsEnvironment(m notify.Message) []string {
	return []string{
		"HAVIP_COMPLETED_BATCH=" + m.Data.Batch,
		"HAVIP_COMPLETED_ID=" + m.ID,
		"HAVIP_COMPLETED_TIMES=" + strconv.FormatInt(m.Data.Completion, 10),
		"HAVIP_COMPLETED_TOTAL=" + strconv.FormatInt(m.Data.Total, 10),
		"HAVIP_COMPLETED_FAILED=" + strconv.FormatInt(m.Data.Failed, 10),
	}
}

// keptBack are variables that are not the command's business: BCE's credentials and the workers' secrets,
// and the command itself, which an enqueue that it runs would run again.
var keptBack = []string{
	"BCE_ACCESS_KEY_ID", "BCE_SECRET_ACCESS_KEY", "BCE_SECURITY_TOKEN", "BCE_SESSION_TOKEN",
	"BAIDUCLOUD_ACCESS_KEY", "BAIDUCLOUD_SECRET_KEY", "BAIDUCLOUD_SESSION_TOKEN",
	"HAVIP_WEBHOOK_SECRET", "HAVIP_ON_COMPLETE",
}

func publicEnvironment(env []string) []string {
	return slices.DeleteFunc(env, func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return slices.Contains(keptBack, name)
	})
}
