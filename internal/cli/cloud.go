package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

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
	client, err := bce.NewClient(bce.Config{
		Region: lane.Region, Endpoint: c.Endpoint, AllowPlainHTTP: c.AllowPlainHTTP,
		Credentials: provider,
		UserAgent:   "havip",
	})
	if err != nil {
		return nil, Failf(ExitConfig, "lane %s: %w", lane, err)
	}
	return client, nil
}

// provider finds an account's credentials. The default account uses the environment, or else
// the current profile of ~/.bce/config.json; any other account uses the profile of its name.
func (c Cloud) provider(account string) bce.Provider {
	home := c.Getenv("HOME")
	if account != tasks.DefaultAccount {
		return bce.ProfileFile{Path: bce.ProfilePath(home), Name: account}
	}
	environment := bce.Environment{Lookup: func(name string) (string, bool) {
		value := c.Getenv(name)
		return value, value != ""
	}}
	return bce.NewChain(environment, bce.ProfileFile{Path: bce.ProfilePath(home)})
}

// Hostname names this machine for people; it never fails.
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
