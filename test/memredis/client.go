package memredis

import (
	"context"
	"errors"
	"net"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Through sees each call before it is carried out: one command, or one pipeline or transaction as one, MULTI and
// EXEC among its commands. It calls run once, or not at all, and returns the error that the caller gets; nil
// stands for the commands' own replies. A caller that gets an error sees no reply, though run may have been
// called: the reply was lost. Nothing is repeated of go-redis's own accord. It is called by the caller, who may be
// one of several.
type Through func(ctx context.Context, cmds []redis.Cmder, run func()) error

// Client returns a go-redis client whose every call is carried out here, through the function given, or at once
// if it is nil. As with a real one, hooks can be added to it, and a call whose context has ended is not made.
func (s *Store) Client(through Through) *redis.Client {
	if through == nil {
		through = func(_ context.Context, _ []redis.Cmder, run func()) error { run(); return nil }
	}
	client := redis.NewClient(&redis.Options{
		Addr:                     "memredis:0",
		MaxRetries:               -1,
		PoolSize:                 1,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		Dialer:                   dial,
	})
	(&base{s, through}).install(client)
	return client
}

var (
	errDialled  = errors.New("memredis has no connections: this needs one, as do SUBSCRIBE, WATCH and BLPOP")
	errNotMade  = errors.New("memredis: the call was not carried out, and Through gave no error")
	errTwice    = errors.New("memredis: Through ran a call twice")
	errNotEnded = errors.New("memredis: MULTI and EXEC are not around their commands")
)

func dial(context.Context, string, string) (net.Conn, error) { return nil, errDialled }

// base is what a client's hooks come to in the end, in the place of its connections.
type base struct {
	store   *Store
	through Through
}

func (b *base) process(ctx context.Context, cmd redis.Cmder) error {
	if err := b.call(ctx, []redis.Cmder{cmd}); err != nil {
		return err
	}
	return cmd.Err()
}

func (b *base) pipeline(ctx context.Context, cmds []redis.Cmder) error {
	if err := b.call(ctx, cmds); err != nil {
		for _, cmd := range cmds {
			cmd.SetErr(err)
		}
		return err
	}
	for _, cmd := range cmds {
		if err := cmd.Err(); err != nil {
			return err
		}
	}
	return nil
}

// call makes one call, and gives the commands their replies unless it fails.
func (b *base) call(ctx context.Context, cmds []redis.Cmder) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	answers, runs := make([]answer, len(cmds)), 0
	err := b.through(ctx, cmds, func() {
		if runs++; runs == 1 {
			b.store.run(cmds, answers)
		}
	})
	switch {
	case runs > 1:
		return errTwice
	case err != nil:
		return err
	case runs == 0:
		return errNotMade
	}
	for i, cmd := range cmds {
		cmd.SetErr(answers[i].give(cmd))
	}
	return nil
}
