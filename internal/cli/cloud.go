package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"havip/bce"
	"havip/tasks"
)

// DefaultRegion is the region where none is given: the one of Baidu's own examples.
const DefaultRegion = "bj"

// Cloud makes clients of BCE for lanes.
type Cloud struct {
	// Endpoint replaces the regions' public endpoints; "" does not.
	Endpoint string
	// AllowPlainHTTP accepts an http:// endpoint that is not a loopback address.
	AllowPlainHTTP bool
	// RequestTimeout bounds one call; 0 means the client's default.
	RequestTimeout time.Duration
	Getenv         Getenv
	// Credentials, when set, are used for every account instead of looking them up.
	Credentials bce.Provider
}

// Client returns the lane's client, after making sure that there are credentials: a worker
// without them is refused when it starts, not when its first item fails.
func (c Cloud) Client(ctx context.Context, lane tasks.Lane) (*bce.Client, error) {
	provider := c.Credentials
	if provider == nil {
		provider = c.provider(lane.Account)
	}
	if _, err := provider.Retrieve(ctx); err != nil {
		return nil, Failf(ExitConfig, "account %q: %w", lane.Account, err)
	}
	endpoint, source, err := c.endpoint(lane.Account)
	if err != nil {
		return nil, Failf(ExitConfig, "account %q: %w; repair the file, or set BCE_ENDPOINT", lane.Account, err)
	}
	if err := checkScheme(endpoint); err != nil {
		return nil, Failf(ExitConfig, "%s%w", source, err)
	}
	client, err := bce.NewClient(bce.Config{
		Region: lane.Region, Endpoint: endpoint, AllowPlainHTTP: c.AllowPlainHTTP,
		Credentials: provider,
		// An answer that began in time may take the rest to arrive.
		Timeouts:  bce.Timeouts{ResponseHeader: c.RequestTimeout * 2 / 3, Total: c.RequestTimeout},
		UserAgent: "havip",
	})
	switch {
	case errors.Is(err, bce.ErrPlainHTTP):
		return nil, Failf(ExitConfig, "%slane %s: %w, or pass --allow-plain-http", source, lane, err)
	case err != nil:
		return nil, Failf(ExitConfig, "%slane %s: %w", source, lane, err)
	}
	return client, nil
}

// endpoint is where an account's requests go; "" is the region's public endpoint. What is given goes before the
// account's profile. Source begins an error about a profile's.
func (c Cloud) endpoint(account string) (endpoint, source string, err error) {
	if c.Endpoint != "" {
		return c.Endpoint, "", nil
	}
	profile, err := placeOf(c.Getenv, account)
	if err != nil || profile.Endpoint == "" {
		return "", "", err
	}
	return profile.Endpoint, profile.String() + ": ", nil
}

// checkScheme refuses a server on this machine that is named without a scheme. It would mean https,
// which hardly any such server speaks; a simulator's does not, and every item would wait for it.
func checkScheme(endpoint string) error {
	if strings.Contains(endpoint, "://") {
		return nil
	}
	u, err := url.Parse("//" + endpoint)
	if err != nil {
		return nil //nolint:nilerr // the client says what is wrong with it
	}
	if ip := net.ParseIP(u.Hostname()); u.Hostname() != "localhost" && !ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("endpoint %q: the scheme is missing; write http://%[1]s, as for bcesim, or https://%[1]s", endpoint)
}

// provider finds an account's credentials. The default account uses the environment, or else
// the current profile of ~/.bce/config.json; any other account uses the profile of its name.
func (c Cloud) provider(account string) bce.Provider {
	var profile bce.Provider
	file, err := profileFile(c.Getenv, account)
	if profile = file; err != nil {
		profile = failing{err}
	}
	if account != tasks.DefaultAccount {
		return profile
	}
	environment := bce.Environment{Lookup: func(name string) (string, bool) {
		value := c.Getenv(name)
		return value, value != ""
	}}
	return bce.NewChain(environment, profile)
}

// failing is a provider that cannot be made.
type failing struct{ err error }

// Retrieve returns the error.
func (f failing) Retrieve(context.Context) (bce.Credentials, error) { return bce.Credentials{}, f.err }

// Hostname names this machine in messages; it never fails.
func Hostname() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "localhost"
	}
	return name
}

// ProcessName is unique to this process among those that share a Redis.
func ProcessName() string { return fmt.Sprintf("%s-%d", Hostname(), os.Getpid()) }

// IsNoCredentials reports whether the error is about credentials that are missing altogether.
func IsNoCredentials(err error) bool { return errors.Is(err, bce.ErrNoCredentials) }
