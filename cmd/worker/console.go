package main

import (
	"context"

	"havip/internal/cli"
	"havip/internal/console"
)

// tokensVariable has the console's tokens. There is no such flag, because command lines are public.
const tokensVariable = "HAVIP_CONSOLE_TOKENS" // #nosec G101 -- the name of a variable

// configureConsole reads who may use the console.
func configureConsole(ctx context.Context, s settings, getenv cli.Getenv) (console.Access, error) {
	text, place, err := secretText(ctx, "console-token-file", s.consoleTokenFile, tokensVariable, getenv)
	if err != nil {
		return console.Access{}, cli.Blame(s.flags, cli.Fail(cli.ExitConfig, err), "console-token-file")
	}
	tokens, err := console.ParseTokens(text)
	if err != nil {
		return console.Access{}, cli.Failf(cli.ExitConfig, "%s: %w", place, err)
	}
	if s.consoleTokenFile != "" && !tokens.Any() {
		return console.Access{}, cli.Failf(cli.ExitConfig, "%s: has no token", place)
	}
	proxies, err := console.ParseProxies(s.consoleProxies)
	if err != nil {
		return console.Access{}, cli.Blame(s.flags, cli.Failf(cli.ExitUsage, "--console-trusted-proxy %w", err), "console-trusted-proxy")
	}
	access := console.Access{Tokens: tokens, UserHeader: s.consoleUserHeader, Proxies: proxies, Actors: s.consoleActors}
	if err := access.Check(); err != nil {
		return console.Access{}, cli.Blame(s.flags, cli.Failf(cli.ExitUsage, "console: %w", err), "console-user-header", "console-trusted-proxy", "console-actor")
	}
	return access, nil
}
