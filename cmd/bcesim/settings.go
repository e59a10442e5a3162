package main

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/pflag"

	"havip/bce/bcesim"
	"havip/internal/cli"
)

const (
	defaultListen = "127.0.0.1:8645"
	// defaultCallLog limits a long-running simulator to some tens of megabytes.
	defaultCallLog = 100_000
	// defaultDrain is far longer than writing an answer takes.
	defaultDrain = 5 * time.Second
	// maxRate bounds --rate: more is the same as no limit.
	maxRate = 1_000_000
)

// settings are the flags as given.
type settings struct {
	listen, faults, personality string
	subnets, rates              []string
	strict, retryAfter          bool
	quota, callLog              int
	latency                     time.Duration
	logLevel                    string
}

// config is the parsed settings.
type config struct {
	listen  string
	options bcesim.Options
	level   zerolog.Level
	// ownKeys reports that the key pair is the user's and must not be printed.
	ownKeys bool
	// drain is how long calls in progress may take after a signal. Stalls are ended at once.
	drain time.Duration
}

func (s *settings) bind(flags *pflag.FlagSet) {
	flags.StringVar(&s.listen, "listen", defaultListen, "`address` to listen on; port 0 picks one")
	flags.StringVar(&s.faults, "faults", "", "`spec` of the faults to inject; see above")
	flags.DurationVar(&s.latency, "latency", 0, "delay added to every call")
	flags.StringArrayVar(&s.rates, "rate", nil, "`[OPERATION=]R[/BURST]` requests a second, then 429; may be repeated")
	flags.BoolVar(&s.retryAfter, "retry-after", false, "send Retry-After with its 429")
	cli.Requires(flags, "retry-after", "rate")
	flags.StringArrayVar(&s.subnets, "subnet", nil, "`id=cidr[@vpc]` of a subnet with its own CIDR; may be repeated")
	flags.BoolVar(&s.strict, "strict-subnets", false, "only the subnets of --subnet exist")
	flags.IntVar(&s.quota, "quota", 0, "maximum HaVIPs in a VPC; 0 means no limit")
	flags.StringVar(&s.personality, "personality", "", "`traits` that the API's documentation leaves open; see above")
	flags.IntVar(&s.callLog, "call-log", defaultCallLog, "calls to keep for /_sim/calls; 0 means all")
	const count = "must be a whole number from 0"
	cli.AtLeast(flags, "latency", &s.latency, 0, "must be a duration, such as 50ms or 2s, and not negative")
	cli.AtLeast(flags, "quota", &s.quota, 0, count)
	cli.AtLeast(flags, "call-log", &s.callLog, 0, count)
	flags.StringVar(&s.logLevel, "log-level", "info", "debug, info, warn or error; debug logs every call")
	flags.VisitAll(func(f *pflag.Flag) { f.Usage += " (env " + variable(f.Name) + ")" })
}

// variable is the environment variable of a flag.
func variable(flag string) string {
	return "BCESIM_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// fromEnvironment sets flags from their variables; arguments override them later. --version has no
// variable, because an image may use $BCESIM_VERSION for its own version. Variables of repeatable flags have a
// list separated by spaces.
func fromEnvironment(flags *pflag.FlagSet, getenv func(string) string) error {
	var failed error
	flags.VisitAll(func(f *pflag.Flag) {
		text := getenv(variable(f.Name))
		if text == "" || failed != nil || f.Name == "version" {
			return
		}
		var err error
		if list, ok := f.Value.(pflag.SliceValue); ok {
			// Replace, so that an argument starts a new list.
			err = list.Replace(strings.Fields(text))
		} else {
			err = f.Value.Set(text)
		}
		if err != nil {
			failed = usageError{fmt.Errorf("%s %q: %w", variable(f.Name), text, err)}
		}
	})
	return failed
}

func (s *settings) config(getenv func(string) string) (config, error) {
	c := config{listen: s.listen, drain: defaultDrain}
	var err error
	if c.level, err = zerolog.ParseLevel(s.logLevel); err != nil || s.logLevel == "" {
		return c, fmt.Errorf("--log-level %q: want debug, info, warn or error", s.logLevel)
	}
	options := bcesim.Options{
		StrictSubnets: s.strict,
		QuotaPerVPC:   s.quota,
		Latency:       s.latency,
		CallLog:       s.callLog,
	}
	if options.Faults, err = bcesim.ParseFaults(s.faults); err != nil {
		return c, fmt.Errorf("--faults: %w", err)
	}
	if options.Personality, err = bcesim.ParsePersonality(s.personality); err != nil {
		return c, fmt.Errorf("--personality: %w", err)
	}
	for _, text := range s.subnets {
		subnet, err := bcesim.ParseSubnet(text)
		if err != nil {
			return c, fmt.Errorf("--subnet: %w", err)
		}
		options.Subnets = append(options.Subnets, subnet)
	}
	if options.Limits, err = limits(s.rates, s.retryAfter); err != nil {
		return c, err
	}
	options.Credentials, c.ownKeys = credentials(getenv)
	c.options = options
	return c, options.Validate()
}

// limits reads [OPERATION=]R[/BURST]; without a burst, a second's worth.
func limits(rates []string, retryAfter bool) (map[bcesim.Operation]bcesim.Limit, error) {
	limits := map[bcesim.Operation]bcesim.Limit{}
	for _, text := range rates {
		operation, rest, found := strings.Cut(text, "=")
		if !found {
			operation, rest = string(bcesim.AnyOperation), text
		}
		rate, burst, hasBurst := strings.Cut(rest, "/")
		limit := bcesim.Limit{RetryAfter: retryAfter}
		var err error
		if limit.PerSecond, err = strconv.ParseFloat(rate, 64); err != nil || !(limit.PerSecond > 0 && limit.PerSecond <= maxRate) { // nor NaN
			return nil, fmt.Errorf("--rate %q: %q is not a number above 0, at most %d", text, rate, maxRate)
		}
		limit.Burst = int(limit.PerSecond)
		if hasBurst {
			if limit.Burst, err = strconv.Atoi(burst); err != nil || limit.Burst < 1 {
				return nil, fmt.Errorf("--rate %q: burst %q is not a number from 1", text, burst)
			}
		}
		limits[bcesim.Operation(operation)] = limit
	}
	return limits, nil
}

// credentials returns the user's keys; each half defaults to the sandbox's.
func credentials(getenv func(string) string) (keys []bcesim.Credential, own bool) {
	id, secret := getenv("BCE_ACCESS_KEY_ID"), getenv("BCE_SECRET_ACCESS_KEY")
	token := cmp.Or(getenv("BCE_SECURITY_TOKEN"), getenv("BCE_SESSION_TOKEN"))
	own = id != "" || secret != ""
	return []bcesim.Credential{{
		AccessKeyID:     cmp.Or(id, bcesim.SandboxKey),
		SecretAccessKey: cmp.Or(secret, bcesim.SandboxKey),
		SecurityToken:   token,
	}}, own
}
