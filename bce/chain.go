package bce

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Chain is a [Provider] that tries several in order.
type Chain struct{ providers []Provider }

// NewChain returns a chain of the providers. The usual one is
// NewChain(Environment{}, ProfileFile{Path: ProfilePath(home)}).
func NewChain(providers ...Provider) Chain { return Chain{providers} }

// Retrieve returns the first credentials found. It continues only after [ErrNoCredentials]: a
// source that is configured wrongly is an error, because the next one could belong to another
// account. The error lists all sources tried.
func (c Chain) Retrieve(ctx context.Context) (Credentials, error) {
	var tried []string
	for _, provider := range c.providers {
		credentials, err := provider.Retrieve(ctx)
		switch {
		case err == nil:
			return credentials, nil
		case !errors.Is(err, ErrNoCredentials):
			return Credentials{}, err
		}
		tried = append(tried, err.Error())
	}
	if len(tried) == 0 {
		return Credentials{}, fmt.Errorf("%w: no source is configured", ErrNoCredentials)
	}
	return Credentials{}, fmt.Errorf("%w in any of %d sources: %s", ErrNoCredentials, len(tried), strings.Join(tried, "; "))
}
