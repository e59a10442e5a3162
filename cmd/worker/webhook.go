package main

import (
	"context"
	"fmt"

	"havip/internal/cli"
	"havip/internal/notify"
	"havip/internal/until"
	"havip/internal/worker"
)

// secretVariable has the secrets that sign notifications. There is no such flag, because command lines are
// public.
const secretVariable = "HAVIP_WEBHOOK_SECRET" // #nosec G101 -- the name of a variable

// configureWebhook reads which hosts the worker may notify. Hosts without a secret are an error; a secret without
// hosts is not, because several programs may share an environment.
func configureWebhook(ctx context.Context, s settings, getenv cli.Getenv) (worker.Webhook, error) {
	hosts, err := notify.ParseHosts(s.webhookHosts)
	if err != nil {
		return worker.Webhook{}, cli.Blame(s.flags, cli.Failf(cli.ExitUsage, "--webhook-host %w", err), "webhook-host")
	}
	text, place, err := secretText(ctx, "webhook-secret-file", s.webhookSecretFile, secretVariable, getenv)
	if err != nil {
		return worker.Webhook{}, cli.Blame(s.flags, cli.Fail(cli.ExitConfig, err), "webhook-secret-file")
	}
	secrets, err := notify.ParseSecrets(text)
	switch {
	case err != nil:
		return worker.Webhook{}, cli.Failf(cli.ExitConfig, "%s: %w", place, err)
	case hosts.Any() && !secrets.Any():
		return worker.Webhook{}, cli.Failf(cli.ExitConfig, "--webhook-host: there is no secret to sign notifications with; set %s or --webhook-secret-file", secretVariable)
	}
	return worker.Webhook{Hosts: hosts, Secrets: secrets}, nil
}

// secretText returns the secrets of the flag's file, else those of the variable, and their source.
func secretText(ctx context.Context, flag, file, variable string, getenv cli.Getenv) (text, place string, err error) {
	if file == "" {
		return getenv(variable), variable, nil
	}
	content, err := until.ReadFile(ctx, file)
	if err != nil {
		return "", "", fmt.Errorf("--%s: %w", flag, err)
	}
	return string(content), file, nil
}
