package session

import (
	"context"
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/redisconn"
	"havip/internal/shell"
	"havip/internal/standalone"
	"havip/ledger"
)

const redisFlag, stateDirFlag = "redis", "state-dir"

// SettleStore decides between --redis and --state-dir: what the command line gives goes before variables. Both on the
// command line is a usage error. Both as variables is an error of the command that opens one: the wrong one could have
// the same items created again.
func (f *Factory) SettleStore(cmd *cobra.Command) error {
	f.untilInterrupt = []redisconn.Option{redisconn.Until(cmd.Context())}
	flags := cmd.Flags()
	redis, dir := flags.Lookup(redisFlag), flags.Lookup(stateDirFlag)
	if redis == nil || dir == nil {
		return nil
	}
	f.RedisGiven = redis.Changed
	onLine := cli.Given(flags, stateDirFlag)
	switch redisOnLine := cli.Given(flags, redisFlag); {
	case redisOnLine && onLine:
		return cli.Failf(cli.ExitUsage, "--redis and --state-dir cannot be used together; give the one that has the ledger")
	case redisOnLine:
		f.StateDir = ""
	case onLine:
		f.RedisGiven = false
		f.Store = hint(f.StateDir)
	case redis.Changed && dir.Changed:
		f.storeErr = cli.Failf(cli.ExitConfig, "%s and %s are both set; unset one, or pass --redis or --state-dir",
			cli.SourceOf(flags, redisFlag), cli.SourceOf(flags, stateDirFlag))
	}
	return nil
}

// OutliveInterrupt lets the session that is opened next answer after an interrupt, too, once started is called: for a program
// that drains. The sessions of other commands end with the interrupt.
func (f *Factory) OutliveInterrupt(ctx context.Context) (started func()) {
	option, started := redisconn.UntilStarted(ctx)
	f.untilInterrupt = []redisconn.Option{option}
	return started
}

// StoreError is why it is not decided which store the command works in; nil otherwise.
func (f *Factory) StoreError() error { return f.storeErr }

// hint is the flag that names a state directory in a command to copy.
func hint(dir string) string { return "--" + stateDirFlag + " " + shell.Quote(dir) }

// OpenOwn opens the store of this program over a state directory, for one that works on it. Commands that the messages
// propose name the directory from then on.
func (f *Factory) OpenOwn(ctx context.Context, dir string, options ...redisconn.Option) (*Session, error) {
	store, err := standalone.Child(ctx, dir, options...)
	if err != nil {
		return nil, cli.Fail(storeCode(ctx, err), err)
	}
	f.Store = hint(dir)
	return f.overStore(ctx, store, dir)
}

// openShared opens the store over the state directory that the flags name, also while a program works on it.
func (f *Factory) openShared(ctx context.Context, create bool) (*Session, error) {
	waiting := cli.TellWaiting(f.Messages())
	store, err := standalone.Share(ctx, f.StateDir, create, append(f.untilInterrupt, redisconn.Told(waiting))...)
	if err != nil {
		return nil, cli.Fail(storeCode(ctx, err), err)
	}
	f.RedisURL = store.URL() // errors of this Redis are explained by it
	s, err := f.overStore(ctx, store, f.StateDir)
	if err == nil {
		s.URL, s.Waiting, s.unattended = store.URL(), waiting, !store.Attended()
	}
	return s, err
}

// storeCode is the exit code of a store that could not be opened: all but an unavailable server is about the directory or this
// machine.
func storeCode(ctx context.Context, err error) cli.ExitCode {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return cli.ExitInterrupted
	case ctx.Err() != nil, standalone.Unavailable(err):
		return cli.ExitNetwork
	}
	return cli.ExitConfig
}

// CarryOn says, after a command that leaves work for a worker, how to have it done in a store that nothing works on.
func (f *Factory) CarryOn(s *Session, b ledger.Batch) {
	if !s.unattended || b.Done() {
		return
	}
	f.Infof("no worker serves this store now; run %s to process the items", f.runCommand(b))
}

// Serve is what to do to have the items of a state directory's store processed: only a run of a batch serves it. It is ""
// for any other Redis, which workers serve.
func (f *Factory) Serve(ctx context.Context, s *Session) (string, error) {
	if s.StateDir == "" {
		return "", nil
	}
	const named = 3 // batches
	names, err := s.Ledger.Active(ctx, 0, named)
	if err != nil {
		return "", err
	}
	var commands []string
	for _, name := range names {
		if b, err := s.Ledger.Batch(ctx, name); err == nil && !b.Done() { // it may be deleted meanwhile
			commands = append(commands, f.runCommand(b))
		}
	}
	if len(commands) == 0 {
		return "Run `enqueue run` with the batch's file", nil
	}
	return "Run " + strings.Join(commands, " or "), nil
}

// runCommand is how a batch is continued in a store that nothing works on.
func (f *Factory) runCommand(b ledger.Batch) string {
	file := b.Source.File
	if file == "" {
		file = "FILE"
	}
	options := []string{"--batch", shell.Quote(b.Name)}
	if f.Region != cli.DefaultRegion {
		options = append(options, "--region", shell.Quote(f.Region))
	}
	return "`enqueue run " + shell.Operand(file, options...) + "`"
}

func (f *Factory) overStore(ctx context.Context, store *standalone.Store, dir string) (*Session, error) {
	if err := ledger.CheckSchema(ctx, store.Client()); err != nil {
		_ = store.Close() // nothing was written
		return nil, cli.Fail(cli.CodeOf(err), err)
	}
	s := New(store.Client(), func() { _ = store.Close() })
	if absolute, err := filepath.Abs(dir); err == nil {
		dir = absolute
	}
	s.StateDir = dir
	return s, nil
}
