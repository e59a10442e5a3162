package bce

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Chain is a [Provider] that asks several in order.
type Chain struct{ providers []Provider }

// NewChain returns a chain of the providers in the order they are asked in. The usual one
// is NewChain(Environment{}, ProfileFile{Path: ProfilePath(home)}).
func NewChain(providers ...Provider) Chain { return Chain{providers} }

// Retrieve returns the first credentials there are. It goes on only where a source is empty
// ([ErrNoCredentials]); one that is set up wrongly is an error at once, lest a typing mistake
// silently choose another account. The error lists everything that was tried.
func (c Chain) Retrieve(ctx context.Context) (Credentials, error) {
	var tried []string
	for _, provider := range c.providers {
		credentials, err := provider.Retrieve(ctx)
		switch {
		case err == nil:
			return credentials, nil
		case !errors.Is(err, ErrNoCredentials):
			return Credentials{}, fmt.Errorf("credentials: %w", err)
		}
		tried = append(tried, err.Error())
	}
	if len(tried) == 0 {
		return Credentials{}, fmt.Errorf("credentials: %w: no source is configured", ErrNoCredentials)
	}
	return Credentials{}, fmt.Errorf("credentials: %w in any of %d sources: %s", ErrNoCredentials, len(tried), strings.Join(tried, "; "))
}
