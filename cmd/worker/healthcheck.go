package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"havip/internal/cli"
)

// newHealthcheck returns the command that checks whether the worker on this machine is ready: a container's health
// check that needs no shell or curl in the image.
func newHealthcheck() *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "healthcheck",
		Short: "Check whether the worker on this machine is ready (exit code 0 or 1)",
		Long: `Healthcheck asks the worker on this machine, at its --listen address, whether it is ready.
Containers use it as their health check, because it needs neither a shell nor curl.`,
		Example: "  worker healthcheck --listen 127.0.0.1:8644",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if listen == "" {
				return cli.Failf(cli.ExitUsage, "--listen is empty, so that the worker cannot be asked")
			}
			return cli.Blame(cmd.Flags(), askReady(cmd.Context(), listen, cmd.OutOrStdout()), "listen")
		},
	}
	cmd.Flags().StringVar(&listen, "listen", defaultListen, "the worker's --listen address")
	return cmd
}

// reason returns the reason in an answer of /readyz.
func reason(body []byte) string {
	var answer struct {
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || answer.Reason == "" {
		return strings.TrimSpace(string(body))
	}
	return answer.Reason
}

func askReady(ctx context.Context, listen string, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return cli.Failf(cli.ExitUsage, "address %q: %w", listen, err)
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		listen = net.JoinHostPort("127.0.0.1", port) // it listens on all addresses
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+listen+"/readyz", nil)
	if err != nil {
		return cli.Failf(cli.ExitUsage, "address %q: %w", listen, err)
	}
	// Without a proxy, because the worker is on this machine.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return cli.Fail(cli.ExitItemsFailed, err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	if err != nil {
		return cli.Fail(cli.ExitItemsFailed, err)
	}
	if response.StatusCode != http.StatusOK {
		return cli.Failf(cli.ExitItemsFailed, "not ready: %s", reason(body))
	}
	_, err = fmt.Fprintln(out, "ready")
	return err
}
