package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"havip/internal/cli"
	"havip/internal/lane"
	"havip/internal/region"
	"havip/internal/telemetry"
	"havip/internal/worker"
	"havip/tasks"
)

// settings are the program's flags.
type settings struct {
	redis, region, endpoint string
	allowPlainHTTP          bool
	allowOtherAccount       bool
	lanes                   []string
	config                  string
	allowUnknownRegion      bool
	rps                     float64
	concurrency             int
	listen, pprof, spoolDir string
	drainDelay              time.Duration
	tokenMaxAge, maxDelay   time.Duration
	confirmWithin           time.Duration
	requestTimeout, grace   time.Duration
	redisWait               time.Duration
	allowVolatile           bool
	allowUnverified         bool
	logFormat, logLevel     string
	webhookHosts            []string
	webhookSecretFile       string
	consoleTokenFile        string
	consoleUserHeader       string
	consoleProxies          []string
	consoleActors           []string
	// flags are cobra's, to report where an invalid value comes from.
	flags *pflag.FlagSet
}

func defineFlags(cmd *cobra.Command, s *settings) {
	f := cmd.Flags()
	s.flags = f
	f.StringVar(&s.redis, "redis", cli.DefaultRedisURL, "URL of the Redis with the queues and the ledger: redis://, rediss://, unix://, redis-sentinel:// or redis-cluster://")
	cli.RegionVar(f, &s.region, "region of the default lane")
	f.StringVar(&s.endpoint, "endpoint", "", "BCE endpoint URL instead of the region's public one")
	f.BoolVar(&s.allowPlainHTTP, "allow-plain-http", false, "accept an http:// endpoint that is not a loopback address")
	f.BoolVar(&s.allowOtherAccount, "allow-other-account", false, "serve lanes that were used with another endpoint or account before")
	f.StringSliceVar(&s.lanes, "lane", nil, "lane to serve, as ACCOUNT/REGION; may be repeated (default default/REGION, or all lanes of --config)")
	f.StringVar(&s.config, "config", "", "YAML file with accounts, their credentials and the lanes to serve; see worker config")
	region.DefineAllow(f, &s.allowUnknownRegion)
	f.Float64Var(&s.rps, "rps", lane.DefaultRPS, "create requests, and as many deletions, per second and lane, over all workers, unless enqueue limit sets another limit; fewer while BCE refuses them; 0 means no limit; 5 is what Baidu's own network driver sends at most")
	f.IntVar(&s.concurrency, "concurrency", worker.DefaultConcurrency, "maximum requests in flight in each lane")
	f.StringVar(&s.listen, "listen", defaultListen, "address that serves /livez, /readyz, /metrics and the console at /; empty for none. If the default is in use, as by another worker, it serves none")
	f.StringVar(&s.pprof, "pprof", "", "loopback address that serves profiles of the process at /debug/pprof/, such as 127.0.0.1:6060")
	f.StringVar(&s.spoolDir, "spool-dir", "", "directory for outcomes that cannot be recorded while Redis is not available (default: havip/spool in $XDG_STATE_HOME or ~/.local/state)")
	f.DurationVar(&s.tokenMaxAge, "token-max-age", tasks.TokenMaxAge, "time after which an item of unknown outcome is looked up before its clientToken is sent again")
	f.DurationVar(&s.confirmWithin, "confirm-within", tasks.DefaultConfirmWithin, "how long BCE may take to show a created HaVIP; until then, a HaVIP that is not listed may exist")
	f.DurationVar(&s.maxDelay, "max-delay", tasks.RetryDelayCap, "maximum delay between two requests of an item; a longer Retry-After is cut to it")
	f.DurationVar(&s.requestTimeout, "request-timeout", tasks.DefaultRequestTimeout, "how long one request to BCE may take; it is then repeated under the same clientToken")
	f.DurationVar(&s.grace, "grace", 0, "how long a stopping worker waits for requests in flight (default 15s longer than the request timeout)")
	f.DurationVar(&s.drainDelay, "drain-delay", 0, "how long a stopping worker continues to work after /readyz reports that it is stopping, such as 5s for a load balancer")
	cli.AtLeast(f, "drain-delay", &s.drainDelay, 0, "must be a duration, such as 5s, or 0 for none")
	f.DurationVar(&s.redisWait, "redis-wait", cli.PassingPatience, "how long to wait at startup for a Redis that does not answer, is loading, is busy or lacks a replica")
	cli.AtLeast(f, "redis-wait", &s.redisWait, 0, "must be a duration, such as 30s, 10m or 2h, or 0 for no wait")
	f.BoolVar(&s.allowVolatile, "allow-volatile", false, "accept a Redis that loses all data when it restarts")
	f.BoolVar(&s.allowUnverified, "allow-unverified-durability", false, "accept a Redis that does not report its persistence (INFO, CONFIG GET)")
	f.StringVar(&s.logFormat, "log-format", "auto", "json, console, or auto: console on a terminal")
	f.StringVar(&s.logLevel, "log-level", "info", "trace, debug, info, warn or error")
	f.StringSliceVar(&s.webhookHosts, "webhook-host", nil, "host, or HOST:PORT, that may be notified of completed batches; may be repeated")
	f.StringVar(&s.webhookSecretFile, "webhook-secret-file", "", "file with the secrets that sign notifications, instead of $HAVIP_WEBHOOK_SECRET")
	f.StringVar(&s.consoleTokenFile, "console-token-file", "", "file with the console's tokens, instead of $HAVIP_CONSOLE_TOKENS: a line for each, with its role (read or act), a name and the token")
	f.StringVar(&s.consoleUserHeader, "console-user-header", "", "header in which a trusted proxy names the user of the console, such as X-Forwarded-User")
	f.StringSliceVar(&s.consoleProxies, "console-trusted-proxy", nil, "address or network of the proxies that set the header; may be repeated")
	f.StringSliceVar(&s.consoleActors, "console-actor", nil, "user of the header who may act; the others may read; may be repeated")
	cli.Env(f, "redis", "HAVIP_REDIS_URL")
	cli.Env(f, "endpoint", "BCE_ENDPOINT")
}

// defaultListen is where the worker can be looked at, from its own machine.
const defaultListen = "127.0.0.1:8644"

// withGrace fills in the default of --grace, which depends on the request timeout.
func (s settings) withGrace() settings {
	if s.grace == 0 {
		s.grace = worker.DefaultGrace(s.requestTimeout)
	}
	return s
}

// check refuses invalid values; if a variable set one, the error names it.
func (s settings) check() error {
	blame := func(err error, flags ...string) error {
		return cli.Blame(s.flags, cli.Fail(cli.ExitUsage, err), flags...)
	}
	const anyTimeout = tasks.DefaultRequestTimeout
	for _, term := range []struct {
		flag string
		err  error
	}{
		{"request-timeout", worker.CheckTerms(1, 0, s.requestTimeout)},
		{"concurrency", worker.CheckTerms(s.concurrency, 0, anyTimeout)},
		{"rps", worker.CheckTerms(1, s.rps, anyTimeout)},
	} {
		if term.err != nil {
			return blame(term.err, term.flag)
		}
	}
	if s.pprof != "" {
		if err := telemetry.CheckLoopback(s.pprof); err != nil {
			return blame(fmt.Errorf("--pprof %s: %w; profiles show secrets", s.pprof, err), "pprof")
		}
	}
	if least := worker.MinGrace(s.requestTimeout); s.grace < least {
		return blame(fmt.Errorf("--grace %s: must be at least %s, so that no request is cut off", s.grace, least), "grace", "request-timeout")
	}
	if s.tokenMaxAge <= 0 || s.tokenMaxAge > maxTokenAge {
		return blame(fmt.Errorf("--token-max-age %s: must be more than 0 and at most %s; BCE forgets a token after 24h", s.tokenMaxAge, maxTokenAge), "token-max-age")
	}
	if s.confirmWithin < minConfirmWithin || s.confirmWithin > maxTokenAge {
		return blame(fmt.Errorf("--confirm-within %s: must be from %s to %s", s.confirmWithin, minConfirmWithin, maxTokenAge), "confirm-within")
	}
	if s.maxDelay < tasks.RetryDelayFirst || s.maxDelay > maxMaxDelay {
		return blame(fmt.Errorf("--max-delay %s: must be from %s to %s", s.maxDelay, tasks.RetryDelayFirst, maxMaxDelay), "max-delay")
	}
	return nil
}

// maxTokenAge is 24 hours, for which BCE keeps a clientToken after it last received it
// (https://cloud.baidu.com/doc/VPC/s/gjwvyu77i), less an hour for clocks and queues.
const maxTokenAge = 23 * time.Hour

// minConfirmWithin is a second: shorter waits prove nothing about BCE.
const minConfirmWithin = time.Second

// maxMaxDelay allows many requests within the life of a clientToken.
const maxMaxDelay = time.Hour
