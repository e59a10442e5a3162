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
	// maxRetries counts go-redis's own repetitions; the package comment says of what.
	maxRetries = 3
	// dialAttempts is one because the retries above dial again, after a pause of their own;
	// go-redis's five, for each of them, make a refused connection take seconds to report.
	dialAttempts = 1
	// clusterReload is how often a cluster's map is read again while it is in use. go-redis
	// does so once a minute and not when a connection is refused, so a failover that took
	// the cluster five seconds took its clients most of a minute.
	clusterReload = time.Second
	// protocol is RESP3, go-redis's default, said here because the options below rely on it.
	protocol = 3
)

// Option changes what a URL says.
type Option func(*Options)

// PoolSize sets the pool's size unless the URL does. A worker asks for one connection for
// each task in flight, so that none waits for another's.
func PoolSize(n int) Option {
	return func(o *Options) {
		if o.PoolSize == 0 {
			o.PoolSize = n
		}
	}
}

// Open connects to the Redis that the URL names and returns a client that has reached it
// once. Errors are a [*URLError] or a [*ConnError]; neither holds a password.
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

// OpenReady is Open for a Redis that may be starting or failing over: it is waited for as [WaitReady] says.
func OpenReady(ctx context.Context, rawURL string, patience Patience, probe func(context.Context, redis.Cmdable) error, options ...Option) (Client, error) {
	parsed, err := Parse(rawURL)
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
		// The reason why it could not be reached is the one worth telling.
		_ = client.Close()
		return nil, err
	}
	return client, nil
}

// New returns a client without talking to anybody: for a Redis that is yet to come up, to
// be followed by [WaitReady]. Acks are healed ([HealAcks]), errors are explained ([Explain]), deadlines of
// contexts count.
func New(o Options, options ...Option) redis.UniversalClient {
	for _, option := range options {
		option(&o)
	}
	client := newClient(o)
	HealAcks(client)
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
		DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
		PoolSize:   o.PoolSize,
		MaxRetries: maxRetries, DialerRetries: dialAttempts,
		Protocol: protocol, ContextTimeoutEnabled: true, DisableIdentity: true,
		MaintNotificationsConfig: quiet(),
	}
}

// failoverOptions needs no word about maintenance notifications: they are always off.
func failoverOptions(o Options) *redis.FailoverOptions {
	return &redis.FailoverOptions{
		MasterName: o.Master, SentinelAddrs: o.Addrs, DB: o.DB,
		SentinelUsername: o.SentinelUsername, SentinelPassword: o.SentinelPassword(),
		Username: o.Username, Password: o.Password(), ClientName: o.ClientName,
		TLSConfig:   o.TLS,
		DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
		PoolSize:   o.PoolSize,
		MaxRetries: maxRetries, DialerRetries: dialAttempts,
		Protocol: protocol, ContextTimeoutEnabled: true, DisableIdentity: true,
	}
}

// clusterOptions leaves the nodes' own retries off: a cluster client repeats a command up
// to MaxRedirects times, on the node that is then responsible.
func clusterOptions(o Options) *redis.ClusterOptions {
	return &redis.ClusterOptions{
		Addrs:    o.Addrs,
		Username: o.Username, Password: o.Password(), ClientName: o.ClientName,
		TLSConfig:   o.TLS,
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
