package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/spf13/pflag"

	"havip/internal/redisconn"
	"havip/ledger"
)

// DefaultRedisURL is used if neither flag nor environment sets a Redis.
const DefaultRedisURL = "redis://127.0.0.1:6379/0"

// go-redis's own log lines about failed connections are dropped: each is also the error of a command, which is reported
// once.
func init() { redisconn.LogTo(nil) }

// How long a program waits for a Redis that does not answer. An unreachable single server more often has the wrong address, or is
// not running, than it is restarting.
const (
	// DownPatience is a command's patience with an unreachable single server.
	DownPatience = 2 * time.Second
	// PassingPatience is the patience with a failover, and with a Redis that is loading or busy.
	PassingPatience = redisconn.DefaultPatience
)

// CommandPatience is the patience of a command that a user waits for.
func CommandPatience() redisconn.Patience {
	return redisconn.Patience{Down: DownPatience, Passing: PassingPatience}
}

// OpenRedis is [AwaitRedis] with the patience of a command.
func OpenRedis(ctx context.Context, url string, options ...redisconn.Option) (redisconn.Client, error) {
	return AwaitRedis(ctx, url, CommandPatience(), options...)
}

// OpenRedisToRead is [OpenRedis] for a command that only reads. It calls warn if the server is a replica that may answer with old
// data, which is asked with the ledger's version.
func OpenRedisToRead(ctx context.Context, url string, warn func(warning string), options ...redisconn.Option) (redisconn.Client, error) {
	var replication *redis.StringCmd
	client, err := openRedis(ctx, url, CommandPatience(), func(ctx context.Context, client redis.Cmdable) error {
		return ledger.CheckSchemaWith(ctx, client, func(pipe redis.Pipeliner) {
			replication = redisconn.AskReplication(ctx, client, pipe)
		})
	}, options...)
	if err != nil {
		return nil, err
	}
	if stale := redisconn.Stale(replication); stale != "" {
		place, _ := redisconn.ParsePlace(url) // it is open
		warn("redis " + place.String() + ": " + stale + ": what is shown may be old. Use the URL of the master, or of its sentinels, or repair the link")
	}
	return client, nil
}

// AwaitRedis connects, waits while Redis fails for a temporary reason, and refuses a ledger of another version. Errors have
// their exit code.
func AwaitRedis(ctx context.Context, url string, patience redisconn.Patience, options ...redisconn.Option) (redisconn.Client, error) {
	return openRedis(ctx, url, patience, func(ctx context.Context, client redis.Cmdable) error {
		return ledger.CheckSchema(ctx, client)
	}, options...)
}

func openRedis(ctx context.Context, url string, patience redisconn.Patience, check func(context.Context, redis.Cmdable) error, options ...redisconn.Option) (redisconn.Client, error) {
	client, err := redisconn.OpenReady(ctx, url, patience, check, options...)
	if err != nil {
		return nil, Fail(CodeOf(err), err)
	}
	return client, nil
}

// TellWaiting writes each new reason to wait for Redis to w, and once that Redis answers again; see [redisconn.Told]. It is safe
// for concurrent use.
func TellWaiting(w io.Writer) func(error) {
	var mu sync.Mutex
	var last string
	return func(err error) {
		mu.Lock()
		defer mu.Unlock()
		text := ""
		if err != nil {
			text = err.Error()
		}
		switch text {
		case last:
		case "":
			_, _ = fmt.Fprintln(w, "Redis answers again")
		default:
			_, _ = fmt.Fprintf(w, "%s; retrying\n", text)
		}
		last = text
	}
}

// ExplainRedis explains an error of Redis that was not explained before, and keeps its exit code. It returns other errors
// unchanged. A program calls it on its final error.
func ExplainRedis(url string, err error) error {
	explained := redisconn.Explain(url, err)
	if explained == err { //nolint:errorlint // whether it is the same
		return err
	}
	return Fail(CodeOf(err), explained)
}

// warnOfPassword warns about a password on the command line, which every user of the machine can see.
func warnOfPassword(w io.Writer, flags *pflag.FlagSet) {
	if f := flags.Lookup("redis"); f != nil && Given(flags, f.Name) && redisconn.HasPassword(f.Value.String()) {
		_, _ = fmt.Fprintln(w, "warning: the password in --redis is visible in the process list; set the URL in HAVIP_REDIS_URL, or in a file that HAVIP_REDIS_URL_FILE names")
	}
}

// NotDone puts what was not done before the error of a Redis that refused to write it: who reads only the beginning must not take
// it for done. It returns other errors unchanged, because after them it may have been done.
func NotDone(err error, format string, args ...any) error {
	if !redisconn.RefusesWrites(err) {
		return err
	}
	code, reason := CodeOf(err), err
	var refused *redisconn.ConnError
	if errors.As(err, &refused) {
		reason = refused // without the names of operations
	}
	return Fail(code, fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), reason))
}

// Durability is what a program requires of a Redis before it writes to it.
type Durability struct {
	// AllowVolatile accepts a Redis that loses all data when it restarts.
	AllowVolatile bool
	// AllowUnverified accepts one that does not report whether it keeps what is written.
	AllowUnverified bool
	// Stops is for a command that only stops work. Like every command it may be lost in such a Redis, but without it the work
	// goes on: it warns where others refuse.
	Stops bool
	// Patience is for a Redis that refuses writes for a while.
	Patience redisconn.Patience
	// Warn is called with findings that are accepted, and Waiting with each reason to wait for Redis.
	Warn    func(warning string)
	Waiting func(error)
}

// Require refuses a Redis that could lose or evict what is written, or accepts no writes. An error carries its exit code.
func (d Durability) Require(ctx context.Context, client redis.Cmdable) error {
	findings, err := redisconn.Check(ctx, client)
	if err != nil {
		return Fail(CodeOf(err), err)
	}
	for _, finding := range findings {
		if err := d.accept(finding); err != nil {
			return err
		}
	}
	err = redisconn.Await(ctx, d.Patience, d.Waiting, func(ctx context.Context) error { return redisconn.Writable(ctx, client) })
	return Fail(CodeOf(err), err)
}

// accept refuses a finding, or warns of it.
func (d Durability) accept(finding redisconn.Finding) error {
	switch {
	case d.Stops && mayForget(finding):
		d.Warn(finding.Error() + " This command only stops work, and continues; Redis may lose it as well")
	case finding.Code == redisconn.CodeUnknown && !d.AllowUnverified:
		return Failf(ExitConfig, "%w Or pass --allow-unverified-durability to continue without this check", finding)
	case finding.Code == redisconn.CodeUnknown:
		d.Warn(finding.Error() + " (allowed by --allow-unverified-durability)")
	case finding.Severity == redisconn.SeverityNote:
	case finding.Code == redisconn.CodeReplicas: // each change verifies its own replication and waits for replicas
	case finding.Code == redisconn.CodeLoading:
		return Fail(ExitNetwork, finding)
	case finding.Code == redisconn.CodePersistence && finding.Severity == redisconn.SeverityError && d.AllowVolatile:
		d.Warn(finding.Error() + " (allowed by --allow-volatile)")
	case finding.Code == redisconn.CodePersistence && finding.Severity == redisconn.SeverityError:
		return Failf(ExitConfig, "%w Or pass --allow-volatile to accept that", finding)
	case finding.Severity == redisconn.SeverityError:
		return Fail(ExitConfig, finding)
	default:
		d.Warn(finding.Error())
	}
	return nil
}

// mayForget reports whether a Redis with this finding accepts writes and may lose them later.
func mayForget(finding redisconn.Finding) bool {
	switch finding.Code {
	case redisconn.CodeEviction, redisconn.CodePersistence, redisconn.CodeUnknown:
		return true
	default:
		return false
	}
}

// closeTimeout limits closing the connections to a hanging Redis. The process ends anyway.
const closeTimeout = time.Second

// CloseSoon closes a client at the end of a program.
func CloseSoon(client io.Closer) {
	closed := make(chan struct{})
	go func() {
		_ = client.Close()
		close(closed)
	}()
	select {
	case <-closed:
	case <-time.After(closeTimeout):
	}
}
