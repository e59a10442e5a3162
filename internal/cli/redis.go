package cli

import (
	"context"
	"fmt"
	"io"
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

// OpenRedis connects, and refuses a ledger of another version. An error carries its exit code.
func OpenRedis(ctx context.Context, url string, options ...redisconn.Option) (redis.UniversalClient, error) {
	client, err := redisconn.Open(ctx, url, options...)
	if err != nil {
		return nil, Fail(CodeOf(err), err)
	}
	if err := ledger.CheckSchema(ctx, client); err != nil {
		_ = client.Close()
		return nil, Fail(CodeOf(err), err)
	}
	return client, nil
}

// RequireDurable refuses a Redis that could lose or evict what it was told, unless the user
// allows a volatile one. Lesser findings are written to w.
func RequireDurable(ctx context.Context, client redis.UniversalClient, allowVolatile bool, w io.Writer) error {
	findings, err := redisconn.Check(ctx, client)
	if err != nil {
		return Fail(ExitNetwork, err)
	}
	for _, finding := range findings {
		switch {
		case finding.Severity == redisconn.Note:
		case finding.Severity == redisconn.Refuse && finding.Code == redisconn.CodePersistence && allowVolatile:
			_, _ = fmt.Fprintf(w, "warning: %v (allowed by --allow-volatile)\n", finding)
		case finding.Severity == redisconn.Refuse && finding.Code == redisconn.CodePersistence:
			return Failf(ExitConfig, "%w Or pass --allow-volatile to accept the loss", finding)
		case finding.Severity == redisconn.Refuse:
			return Fail(ExitConfig, finding)
		default:
			_, _ = fmt.Fprintf(w, "warning: %v\n", finding)
		}
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
