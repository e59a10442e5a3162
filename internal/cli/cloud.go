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

// DefaultRegion is the region of Baidu's own examples.
const DefaultRegion = "bj"

// Cloud creates BCE clients for lanes.
type Cloud struct {
	// Endpoint, if not "", replaces the regions' public endpoints.
	Endpoint string
	// AllowPlainHTTP accepts an http:// endpoint that is not a loopback address.
	AllowPlainHTTP bool
	// RequestTimeout limits one call; 0 means the client's default.
	RequestTimeout time.Duration
	Getenv         Getenv
	// Credentials, if set, are used for every account.
	Credentials bce.Provider
	// Accounts describes the accounts of a file; see [AccountSource].
	Accounts map[string]AccountSource
}

// Client returns the lane's client. It fails without credentials, so that a worker fails when it starts and not with
// its first item.
func (c Cloud) Client(ctx context.Context, lane tasks.Lane) (*bce.Client, error) {
	provider := c.Credentials
	if provider == nil {
		provider = c.Provider(lane.Account)
	}
	if _, err := provider.Retrieve(ctx); err != nil {
		return nil, Failf(ExitConfig, "account %q: %w", lane.Account, err)
	}
	endpoint, source, err := c.endpoint(ctx, lane.Account)
	if err != nil {
		return nil, Failf(ExitConfig, "account %q: %w; repair the file, or set BCE_ENDPOINT", lane.Account, err)
	}
	if err := checkScheme(endpoint); err != nil {
		return nil, Failf(ExitConfig, "%s%w", source, err)
	}
	client, err := bce.NewClient(bce.Config{
		Region: lane.Region, Endpoint: endpoint, AllowPlainHTTP: c.AllowPlainHTTP,
		Credentials: provider,
		// An answer that started in time may use the rest.
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

// ConfiguredEndpoint returns the lane's endpoint as its client uses it, if one is configured; "" if none is, or if it is invalid.
func (c Cloud) ConfiguredEndpoint(ctx context.Context, lane tasks.Lane) string {
	endpoint, _, err := c.endpoint(ctx, lane.Account)
	if err != nil || endpoint == "" {
		return ""
	}
	client, err := bce.NewClient(bce.Config{Region: lane.Region, Endpoint: endpoint, AllowPlainHTTP: true, Credentials: failing{bce.ErrNoCredentials}})
	if err != nil {
		return ""
	}
	return client.Endpoint()
}

// endpoint returns an account's endpoint; "" means the region's public one. Endpoint has precedence over the account's,
// and that over its profile's. Source is the start of an error about a profile's endpoint.
func (c Cloud) endpoint(ctx context.Context, account string) (endpoint, source string, err error) {
	if c.Endpoint != "" {
		return c.Endpoint, "", nil
	}
	described := c.Accounts[account]
	if described.Endpoint != "" || described.Role != nil {
		return described.Endpoint, "", nil
	}
	profile, err := placeOf(ctx, c.Getenv, account, described)
	if err != nil || profile.Endpoint == "" {
		return "", "", err
	}
	return profile.Endpoint, profile.String() + ": ", nil
}

// checkScheme refuses a server on this machine without a scheme. The default is https, which hardly any such server
// uses; a simulator does not, and every item would wait for it.
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

// Provider returns the source of an account's credentials: what Accounts says; else, for the default account, the
// environment, and then the current profile of ~/.bce/config.json; for any other, the profile of its name.
func (c Cloud) Provider(account string) bce.Provider {
	described := c.Accounts[account]
	if described.Role != nil {
		return c.assume(described)
	}
	var profile bce.Provider
	file, err := profileFile(c.Getenv, account, described)
	if profile = file; err != nil {
		profile = failing{err}
	}
	if account != tasks.DefaultAccount || described.Profile+described.File != "" {
		return profile
	}
	environment := bce.Environment{Lookup: func(name string) (string, bool) {
		value := c.Getenv(name)
		return value, value != ""
	}}
	return bce.NewChain(environment, profile)
}

// assume returns the source of a role's credentials, which are renewed before they expire.
func (c Cloud) assume(role AccountSource) bce.Provider {
	assumed, err := bce.NewAssumeRole(bce.Config{
		Endpoint: role.STS, AllowPlainHTTP: c.AllowPlainHTTP, Credentials: c.Provider(role.By), UserAgent: "havip",
	}, *role.Role)
	if err != nil {
		return failing{err}
	}
	return bce.NewRefresher(assumed, bce.RefreshOptions{})
}

// failing is a provider that always fails.
type failing struct{ err error }

// Retrieve returns the error.
func (f failing) Retrieve(context.Context) (bce.Credentials, error) { return bce.Credentials{}, f.err }

// Hostname returns this machine's name for messages; it never fails.
func Hostname() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "localhost"
	}
	return name
}

// ProcessName is unique to this process among those that share a Redis.
func ProcessName() string { return fmt.Sprintf("%s-%d", Hostname(), os.Getpid()) }

// IsNoCredentials reports whether the error is about missing credentials.
func IsNoCredentials(err error) bool { return errors.Is(err, bce.ErrNoCredentials) }
