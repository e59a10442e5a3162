package session

import (
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"havip/internal/cli"
	"havip/internal/redisconn"
	"havip/internal/region"
	"havip/internal/terminal"
	"havip/internal/tracing"
)

// Factory is what every command is made with: its input and outputs, the flags that all commands have, and
// how to open Redis.
type Factory struct {
	*terminal.IO
	// RedisURL names the Redis, and Region is that of items that name none.
	RedisURL, Region string
	// StateDir is the directory of a store that goes before RedisURL; "" for none.
	StateDir string
	// RedisGiven is whether the command line or the environment gives a Redis.
	RedisGiven bool
	storeErr   error
	// Args is the command line.
	Args []string
	// Traces sends traces; nil for none.
	Traces *tracing.Tracing

	flags *pflag.FlagSet
	// untilInterrupt are the options of a Redis whose commands end when the program is interrupted.
	untilInterrupt []redisconn.Option
}

// DefineFlags defines the flags that every command has.
func (f *Factory) DefineFlags(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	f.flags = flags
	flags.StringVar(&f.RedisURL, redisFlag, cli.DefaultRedisURL, "URL of the Redis with the queues and the ledger: redis://, rediss://, unix://, redis-sentinel:// or redis-cluster://")
	flags.StringVar(&f.StateDir, stateDirFlag, "", "directory of the store of enqueue run, instead of --redis")
	cli.RegionVar(flags, &f.Region, "region of items without one")
	f.IO.DefineFlags(cmd)
	cli.Env(flags, "redis", "HAVIP_REDIS_URL")
}

// CheckRegion refuses an unknown default region, unless it is allowed.
func (f *Factory) CheckRegion(allow bool) error {
	rule := region.Rule(f.Region)
	if allow || rule == "" {
		return nil
	}
	return cli.Failf(cli.ExitUsage, "--region %q %s", f.Region, rule)
}

// Open connects to the Redis that the flags name. The caller closes the session.
func (f *Factory) Open(ctx context.Context) (*Session, error) { return f.open(ctx, false) }

// OpenToWrite is [Factory.Open] for commands that write: a state directory without a store gets one.
func (f *Factory) OpenToWrite(ctx context.Context) (*Session, error) { return f.open(ctx, true) }

// open may create a store in a state directory for a command that writes.
func (f *Factory) open(ctx context.Context, writes bool) (*Session, error) {
	switch {
	case f.storeErr != nil:
		return nil, f.storeErr
	case f.StateDir != "":
		return f.openShared(ctx, writes)
	}
	waiting := cli.TellWaiting(f.Messages())
	open := cli.OpenRedis
	if !writes {
		open = func(ctx context.Context, url string, options ...redisconn.Option) (redisconn.Client, error) {
			return cli.OpenRedisToRead(ctx, url, func(warning string) { f.Infof("warning: %s", warning) }, options...)
		}
	}
	rdb, err := open(ctx, f.RedisURL, append(f.untilInterrupt, redisconn.Told(waiting))...)
	if err != nil {
		return nil, cli.BlameRedis(f.flags, err)
	}
	s := New(rdb, func() { cli.CloseSoon(rdb) })
	s.URL, s.Waiting = f.RedisURL, waiting
	return s, nil
}
