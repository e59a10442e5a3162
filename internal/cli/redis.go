package cli

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"havip/internal/redisconn"
	"havip/ledger"
)

// DefaultRedisURL is used where neither flag nor environment names a Redis.
const DefaultRedisURL = "redis://127.0.0.1:6379/0"

// go-redis's own lines about failed connections go nowhere: every one of them comes back as the
// error of a command as well, and is told once, in our words.
func init() { redisconn.LogTo(nil) }

// Patience of a program for a Redis that does not answer. A single server that nobody reaches is more often the wrong
// one, or not started, than one that restarts.
const (
	// DownPatience is that of a command.
	DownPatience = 2 * time.Second
	// PassingPatience is that for a failover, and for a Redis that loads or is busy.
	PassingPatience = redisconn.DefaultPatience
)

// CommandPatience is the patience of a command, for somebody who looks on.
func CommandPatience() redisconn.Patience {
	return redisconn.Patience{Down: DownPatience, Passing: PassingPatience}
}

// OpenRedis is [AwaitRedis] with the patience of a command.
func OpenRedis(ctx context.Context, url string, options ...redisconn.Option) (redis.UniversalClient, error) {
	return AwaitRedis(ctx, url, CommandPatience(), options...)
}

// AwaitRedis connects, waiting for what passes by itself, and refuses a ledger of another version. An error carries its
// exit code.
func AwaitRedis(ctx context.Context, url string, patience redisconn.Patience, options ...redisconn.Option) (redis.UniversalClient, error) {
	client, err := redisconn.OpenReady(ctx, url, patience, func(ctx context.Context, client redis.UniversalClient) error {
		return ledger.CheckSchema(ctx, client)
	}, options...)
	if err != nil {
		return nil, Fail(CodeOf(err), err)
	}
	return client, nil
}

// TellWaiting writes to w, once for each reason, why Redis is waited for. It may be called by several goroutines at once.
func TellWaiting(w io.Writer) func(error) {
	var mu sync.Mutex
	var last string
	return func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if text := err.Error(); text != last {
			last = text
			_, _ = fmt.Fprintf(w, "%s; trying again\n", text)
		}
	}
}

// ExplainRedis says what an error of Redis means that was not explained where it arose, and keeps its exit code. Other errors
// stay as they are. A program calls it on the error that it ends with.
func ExplainRedis(url string, err error) error {
	explained := redisconn.Explain(url, err)
	if explained == err { //nolint:errorlint // whether it is the same
		return err
	}
	return Fail(CodeOf(err), explained)
}

// Durability is what a program demands of a Redis before it entrusts anything to it.
type Durability struct {
	// AllowVolatile accepts a Redis that forgets everything when it restarts.
	AllowVolatile bool
	// AllowUnverified accepts one that does not tell whether it keeps what it is told.
	AllowUnverified bool
	// Patience is for a Redis that refuses writes for a while.
	Patience redisconn.Patience
	// Warn is told what is allowed, or is no reason to refuse; Waiting each reason for which Redis is waited for.
	Warn    func(warning string)
	Waiting func(error)
}

// Require refuses a Redis that could lose or evict what it was told, or takes no writes. An error carries its exit code.
func (d Durability) Require(ctx context.Context, client redis.UniversalClient) error {
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
	case finding.Code == redisconn.CodeUnknown && !d.AllowUnverified:
		return Failf(ExitConfig, "%w Or pass --allow-unverified-durability to go on without knowing", finding)
	case finding.Code == redisconn.CodeUnknown:
		d.Warn(finding.Error() + " (allowed by --allow-unverified-durability)")
	case finding.Severity == redisconn.Note:
	case finding.Code == redisconn.CodeReplicas: // each change is verified by itself, and a missing one is waited for
	case finding.Code == redisconn.CodeLoading:
		return Fail(ExitNetwork, finding)
	case finding.Code == redisconn.CodePersistence && finding.Severity == redisconn.Refuse && d.AllowVolatile:
		d.Warn(finding.Error() + " (allowed by --allow-volatile)")
	case finding.Code == redisconn.CodePersistence && finding.Severity == redisconn.Refuse:
		return Failf(ExitConfig, "%w Or pass --allow-volatile to accept the loss", finding)
	case finding.Severity == redisconn.Refuse:
		return Fail(ExitConfig, finding)
	default:
		d.Warn(finding.Error())
	}
	return nil
}

// closeTimeout bounds the end of the connections to a Redis that hangs. The process ends anyway.
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
