package redisconn

import (
	"crypto/tls"
	"fmt"
	"strings"
	"time"
)

// Mode is how the Redis at the other end is run.
type Mode string

// The modes of a connection.
const (
	// Single is one server, reached over TCP, TLS or a Unix socket.
	Single Mode = "single"
	// Sentinel asks sentinels for the address of the current master.
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

// Options is what a URL says. Its passwords are kept where no verb of fmt prints them.
type Options struct {
	Mode Mode
	// Network is "tcp" or "unix"; "unix" only for a Single.
	Network string
	// Addrs are host:port pairs: the server, the sentinels or the cluster's seeds. For a
	// Unix socket it is the one path.
	Addrs []string
	// Master is the name under which sentinels know the master.
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
	// PoolSize bounds the idle connections kept for each server; 0 is go-redis's choice,
	// ten for each CPU (five in a cluster). A worker wants one for each task in flight.
	PoolSize int
	// tell is told why Redis is waited for; nil for nobody. See [Told].
	tell func(error)
}

// Password returns the password of the data servers, "" when there is none.
func (o Options) Password() string { return reveal(o.password) }

// SentinelPassword returns the sentinels' own password, "" when there is none.
func (o Options) SentinelPassword() string { return reveal(o.sentinelPassword) }

// String names the endpoint as people speak of it, without credentials: "127.0.0.1:6379",
// "/run/redis.sock", "master mymaster of sentinels a:26379,b:26379", "cluster a:6379".
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

// GoString is String, so that %#v prints no pointer to a password either.
func (o Options) GoString() string { return "redisconn.Options(" + o.String() + ")" }

func reveal(secret *string) string {
	if secret == nil {
		return ""
	}
	return *secret
}
