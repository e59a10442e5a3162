package redisconn

import (
	"crypto/tls"
	"fmt"
	"strings"
	"time"
)

// Mode is how the Redis is run.
type Mode string

// The modes of a connection.
const (
	// Single is one server, reached over TCP, TLS or a Unix socket.
	Single Mode = "single"
	// Sentinel gets the current master's address from sentinels.
	Sentinel Mode = "sentinel"
	// Cluster spreads keys over masters by hash slot.
	Cluster Mode = "cluster"
)

// Defaults of [Options].
const (
	DefaultDialTimeout  = 5 * time.Second
	DefaultReadTimeout  = 5 * time.Second
	DefaultWriteTimeout = 5 * time.Second
)

// Options is a parsed URL. No fmt verb prints its passwords.
type Options struct {
	Mode Mode
	// Network is "tcp", or "unix" for a Single.
	Network string
	// Addrs are host:port pairs: the server, the sentinels or the cluster's seeds; for a Unix socket,
	// its path.
	Addrs []string
	// Master is the sentinels' name for the master.
	Master string
	DB     int

	Username         string
	SentinelUsername string
	password         *string
	sentinelPassword *string

	// TLS is nil for a plain connection.
	TLS *tls.Config
	// ClientName shows in CLIENT LIST; "" sets none.
	ClientName string

	DialTimeout, ReadTimeout, WriteTimeout time.Duration
	// PoolSize limits the connections per server; 0 is go-redis's default, ten per CPU (five in a
	// cluster). A worker needs one per task in flight.
	PoolSize int
	// tell, if set, is called with the reasons for waiting. See [Told].
	tell func(error)
	// onInterrupt, if set, calls a function when the program is interrupted. See [Until].
	onInterrupt func(func()) (stop func() bool)
}

// Password returns the password of the data servers, or "".
func (o Options) Password() string { return reveal(o.password) }

// SentinelPassword returns the sentinels' own password, or "".
func (o Options) SentinelPassword() string { return reveal(o.sentinelPassword) }

// String returns the endpoint for messages, without credentials: "127.0.0.1:6379", "/run/redis.sock",
// "master mymaster of sentinels a:26379,b:26379", "cluster a:6379".
func (o Options) String() string {
	addrs := strings.Join(o.Addrs, ",")
	switch o.Mode {
	case Sentinel:
		return fmt.Sprintf("master %s of sentinels %s", o.Master, addrs)
	case Cluster:
		return "cluster " + addrs
	case Single:
	}
	return addrs
}

// GoString is String, so that %#v prints no password.
func (o Options) GoString() string { return "redisconn.Options(" + o.String() + ")" }

func reveal(secret *string) string {
	if secret == nil {
		return ""
	}
	return *secret
}
