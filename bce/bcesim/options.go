package bcesim

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// SandboxKey is both halves of the default key pair.
const SandboxKey = "sandbox"

// Options configure a simulator. The zero value has the key pair sandbox/sandbox, no limits and no
// faults, and every subnet exists.
type Options struct {
	// Credentials are the keys accepted; none means [SandboxKey] for both halves.
	Credentials []Credential
	// Now is the server's base clock; nil means time.Now. It is used for dates, the age of
	// tokens and rate limits. Stalls and latency take real time.
	Now func() time.Time
	// Subnets exist from the start, strictly with the CIDR given.
	Subnets []Subnet
	// StrictSubnets refuses every other subnet. Otherwise any sbn-… is created when first
	// named; see [Subnet].
	StrictSubnets bool
	// QuotaPerVPC is how many HaVIPs a VPC may hold at once; 0 means any number.
	QuotaPerVPC int
	// Limits are requests per second by operation; [AnyOperation] is a budget that every call
	// uses besides its own. Missing means unlimited.
	Limits map[Operation]Limit
	// Latency delays every call before it is checked.
	Latency time.Duration
	// Faults are the ones in force at the start; [Server.SetFaults] changes them.
	Faults Faults
	// Personality selects behavior that BCE's documentation leaves open.
	Personality Personality
	// CallLog limits the log to the latest calls; 0 keeps all, at roughly 700 bytes a call.
	// Counters and HaVIPs are always kept.
	CallLog int
	// OnCall, if not nil, is called when an API call ends, on the call's goroutine.
	OnCall func(Call)
}

// Credential is a key pair and its account. Accounts are isolated: each has its own subnets, HaVIPs,
// quota and client tokens.
type Credential struct {
	AccessKeyID     string
	SecretAccessKey string
	// SecurityToken, when set, makes this a temporary key: each request must carry and
	// sign it as x-bce-security-token.
	SecurityToken string
	// Expires is when a temporary key ends; zero for never. With which code BCE refuses it then is not documented; here it is
	// [CodeInvalidAccessKeyID].
	Expires time.Time
	// Account defaults to the AccessKeyID. Several keys may share an account.
	Account string
}

// Limit is a token bucket: PerSecond refills it up to Burst; a call on an empty bucket gets 429
// RateLimit. A Burst below 1 means 1.
type Limit struct {
	PerSecond float64
	Burst     int
	// RetryAfter adds the header Retry-After, in whole seconds. Whether BCE sends it is not
	// documented.
	RetryAfter bool
}

func (o Options) withDefaults() Options {
	if len(o.Credentials) == 0 {
		o.Credentials = []Credential{{AccessKeyID: SandboxKey, SecretAccessKey: SandboxKey}}
	}
	credentials := make([]Credential, len(o.Credentials))
	for i, c := range o.Credentials {
		if c.Account == "" {
			c.Account = c.AccessKeyID
		}
		credentials[i] = c
	}
	o.Credentials = credentials
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// Validate returns an error with all faults of the options. [New] panics on invalid options, so
// programs that take them from a user call Validate first.
func (o Options) Validate() error {
	var faults []error
	add := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	for _, c := range o.Credentials {
		if c.AccessKeyID == "" || c.SecretAccessKey == "" {
			add("credential %q: both halves of the key are required", c.AccessKeyID)
		}
	}
	seen := map[string]bool{}
	for _, subnet := range o.Subnets {
		if err := subnet.validate(); err != nil {
			faults = append(faults, err)
		}
		if seen[subnet.ID] {
			add("subnet %s: given twice", subnet.ID)
		}
		seen[subnet.ID] = true
	}
	for op, limit := range o.Limits {
		if !op.known() && op != AnyOperation {
			add("limit %s: no such operation", op)
		}
		if !(limit.PerSecond > 0) || math.IsInf(limit.PerSecond, 1) { // nor NaN
			add("limit %s: %g a second is not a finite number above 0", op, limit.PerSecond)
		}
	}
	for _, n := range []struct {
		name  string
		value int64
	}{{"quota", int64(o.QuotaPerVPC)}, {"call log", int64(o.CallLog)}, {"latency", int64(o.Latency)}} {
		if n.value < 0 {
			add("%s: must not be negative", n.name)
		}
	}
	if err := o.Faults.Validate(); err != nil {
		faults = append(faults, err)
	}
	if err := o.Personality.validate(); err != nil {
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}
