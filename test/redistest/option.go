package redistest

import "havip/internal/standalone/redisserver"

// Fsync is a value of Redis's appendfsync.
type Fsync string

// The two policies that the project's own setups use.
const (
	Always      Fsync = "always"
	EverySecond Fsync = "everysec"
)

// Option changes how a server is configured.
type Option func(*Server)

// AppendOnly turns the append-only file on. Without it a restarted server is empty.
func AppendOnly(fsync Fsync) Option {
	return Lines("appendonly yes", "appendfsync "+string(fsync))
}

// MaxMemoryPolicy sets the eviction policy, by default noeviction. It takes effect only
// together with Lines("maxmemory …"), as in any Redis.
func MaxMemoryPolicy(policy string) Option {
	return Lines("maxmemory-policy " + redisserver.Quote(policy))
}

// Lines adds lines of redis.conf; a later line overrides an earlier one.
func Lines(lines ...string) Option {
	return func(s *Server) { s.lines = append(s.lines, lines...) }
}

// clusterEnabled is the line that makes a server a node of a cluster.
const clusterEnabled = "cluster-enabled yes"
