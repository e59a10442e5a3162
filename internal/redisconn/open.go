package redisconn

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// maxRetries limits go-redis's own retries; see the package comment.
	maxRetries = 3
	// dialAttempts is one because the retries above dial again after a delay; with go-redis's five
	// for each of them, it would take seconds to report a refused connection.
	dialAttempts = 1
	// clusterReload is how often a cluster's slots are read again while it is in use. By default,
	// go-redis does so once a minute and not when a connection is refused, so that a failover of five
	// seconds took clients most of a minute.
	clusterReload = time.Second
	// protocol is RESP3, go-redis's default; the options below rely on it.
	protocol = 3
)

// Option overrides a URL's options.
type Option func(*Options)

// PoolSize sets the pool's size unless the URL does. A worker needs one connection per task in flight, so
// that no task waits for another's.
func PoolSize(n int) Option {
	return func(o *Options) {
		if o.PoolSize == 0 {
			o.PoolSize = n
		}
	}
}

// Open connects to the Redis at the URL and returns a client that has reached it once. Errors are a
// [*URLError] or a [*ConnError]; neither contains a password.
func Open(ctx context.Context, rawURL string, options ...Option) (redis.UniversalClient, error) {
	client, err := OpenReady(ctx, rawURL, Patience{}, nil, options...)
	return Full(client), err
}

// Client is what most packages use of a client: commands and scripts. go-redis's own type, which [Full] gives, costs each
// package that uses it a second of compile time, for its 700 methods.
type Client interface {
	redis.Cmdable
	io.Closer
}

// Full is the client that this package made, for those that need all of it: asynq does.
func Full(client redis.Cmdable) redis.UniversalClient {
	full, _ := client.(redis.UniversalClient) // nil only in what a test made without Redis
	return full
}

// OpenReady is Open for a Redis that may be starting or failing over: it waits like [WaitReady].
func OpenReady(ctx context.Context, rawURL string, patience Patience, probe func(context.Context, redis.Cmdable) error, options ...Option) (Client, error) {
	parsed, err := Parse(ctx, rawURL)
	if err != nil {
		return nil, err
	}
	for _, option := range options {
		option(&parsed)
	}
	client := New(parsed)
	var ready func(context.Context) error
	if probe != nil {
		ready = func(ctx context.Context) error { return probe(ctx, client) }
	}
	if err := WaitReady(ctx, client, parsed, patience, ready); err != nil {
		// Report why it could not be reached.
		_ = client.Close()
		return nil, err
	}
	return client, nil
}

// New returns a client without connecting, for a Redis that may be starting; call [WaitReady] next. The client repairs
// acks ([RepairAcks]), explains errors ([Explain]) and obeys context deadlines.
func New(o Options, options ...Option) redis.UniversalClient {
	for _, option := range options {
		option(&o)
	}
	client := newClient(o)
	RepairAcks(client)
	client.AddHook(&explainHook{explainer: explainer{o}})
	return client
}

func newClient(o Options) redis.UniversalClient {
	switch o.Mode {
	case Sentinel:
		return redis.NewFailoverClient(failoverOptions(o))
	case Cluster:
		return redis.NewClusterClient(clusterOptions(o))
	case Single:
		return redis.NewClient(singleOptions(o))
	}
	panic(fmt.Sprintf("redisconn: options that Parse did not make: mode %q", o.Mode))
}

func singleOptions(o Options) *redis.Options {
	return &redis.Options{
		Network: o.Network, Addr: o.Addrs[0], DB: o.DB,
		Username: o.Username, Password: o.Password(), ClientName: o.ClientName,
		TLSConfig:   o.TLS,
		Dialer:      o.dialer(),
		DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
		PoolSize:   o.PoolSize,
		MaxRetries: maxRetries, DialerRetries: dialAttempts,
		Protocol: protocol, ContextTimeoutEnabled: true, DisableIdentity: true,
		MaintNotificationsConfig: quiet(),
	}
}

// failoverOptions sets no maintenance notifications, because they are always off.
func failoverOptions(o Options) *redis.FailoverOptions {
	return &redis.FailoverOptions{
		MasterName: o.Master, SentinelAddrs: o.Addrs, DB: o.DB,
		SentinelUsername: o.SentinelUsername, SentinelPassword: o.SentinelPassword(),
		Username: o.Username, Password: o.Password(), ClientName: o.ClientName,
		TLSConfig:   o.TLS,
		Dialer:      o.dialer(),
		DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
		PoolSize:   o.PoolSize,
		MaxRetries: maxRetries, DialerRetries: dialAttempts,
		Protocol: protocol, ContextTimeoutEnabled: true, DisableIdentity: true,
	}
}

// clusterOptions disables the nodes' own retries: a cluster client repeats a command up to MaxRedirects
// times, on the responsible node.
func clusterOptions(o Options) *redis.ClusterOptions {
	return &redis.ClusterOptions{
		Addrs:    o.Addrs,
		Username: o.Username, Password: o.Password(), ClientName: o.ClientName,
		TLSConfig:   o.TLS,
		Dialer:      o.dialer(),
		DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
		PoolSize:     o.PoolSize,
		MaxRedirects: maxRetries, DialerRetries: dialAttempts,
		ClusterStateReloadInterval: clusterReload,
		Protocol:                   protocol, ContextTimeoutEnabled: true, DisableIdentity: true,
		MaintNotificationsConfig: quiet(),
	}
}

func quiet() *maintnotifications.Config {
	return &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
}
