package session

import (
	"context"

	"github.com/spf13/cobra"

	"havip/internal/cli"
	"havip/internal/redisconn"
	"havip/internal/terminal"
)

// Factory is what every command is made with: its input and outputs, the flags that all commands have, and
// how to open Redis.
type Factory struct {
	*terminal.IO
	// RedisURL names the Redis, and Region is that of items that name none.
	RedisURL, Region string
	// Args is the command line.
	Args []string
}

// DefineFlags defines the flags that every command has.
func (f *Factory) DefineFlags(cmd *cobra.Command) {
	flags := cmd.PersistentFlags()
	flags.StringVar(&f.RedisURL, "redis", cli.DefaultRedisURL, "where the queues and the ledger are: redis://, rediss://, unix://, redis-sentinel:// or redis-cluster://")
	flags.StringVar(&f.Region, "region", cli.DefaultRegion, "region of items that name none")
	f.IO.DefineFlags(cmd)
	cli.Env(flags, "redis", "HAVIP_REDIS_URL")
	cli.Env(flags, "region", "BCE_REGION", "BAIDUCLOUD_REGION")
}

// Open connects to the Redis that the flags name. The caller closes the session.
func (f *Factory) Open(ctx context.Context) (*Session, error) {
	rdb, err := cli.OpenRedis(ctx, f.RedisURL, redisconn.Told(cli.TellWaiting(f.Messages())))
	if err != nil {
		return nil, err
	}
	s := New(rdb, func() { cli.CloseSoon(rdb) })
	s.URL = f.RedisURL
	return s, nil
}

// OpenDurable is [Factory.Open] for commands that write: a Redis that may lose what it acknowledged is
// refused before anything is written to it.
func (f *Factory) OpenDurable(ctx context.Context, allowVolatile bool) (*Session, error) {
	s, err := f.Open(ctx)
	if err != nil {
		return nil, err
	}
	if err := cli.RequireDurable(ctx, Client(s), allowVolatile, f.Messages()); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}
