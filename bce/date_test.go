package bce

import (
	"context"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestSignatureLife: a signature ends a minute after its call's deadline.
func TestSignatureLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for timeout, want := range map[time.Duration]time.Duration{
			15 * time.Second:       75 * time.Second,
			500 * time.Millisecond: 61 * time.Second,
			-time.Second:           60 * time.Second,
			24 * time.Hour:         DefaultSignatureExpiry,
		} {
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			if got := signatureLife(ctx); got != want {
				t.Errorf("%v before the deadline: %v, want %v", timeout, got, want)
			}
			cancel()
		}
		if got := signatureLife(t.Context()); got != DefaultSignatureExpiry {
			t.Errorf("without a deadline: %v", got)
		}
	})
}

// TestEverySignatureEndsSoon: the longest deadline of a call is its client's.
func TestEverySignatureEndsSoon(t *testing.T) {
	t.Parallel()
	for name, send := range map[string]func(context.Context, *Client) error{
		"create": func(ctx context.Context, c *Client) error {
			_, err := c.CreateHaVIPBody(ctx, "t", []byte(createBody))
			return err
		},
		"get":    func(ctx context.Context, c *Client) error { _, err := c.GetHaVIP(ctx, "havip-1"); return err },
		"delete": func(ctx context.Context, c *Client) error { _, err := c.DeleteHaVIP(ctx, "havip-1", ""); return err },
		"list":   func(ctx context.Context, c *Client) error { _, err := c.ListHaVIPs(ctx, ListOptions{}); return err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := &recorder{answer: `{"haVipId":"havip-1","haVips":[]}`}
			client, _ := rec.serve(t, func(c *Config) { c.Timeouts.Total = time.Hour })
			if err := send(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			if header := rec.requests()[0].Header.Get("Authorization"); strings.Split(header, "/")[3] != "1800" {
				t.Errorf("an hour's call was signed as %q", header)
			}
			client, _ = rec.serve(t, func(c *Config) { c.Timeouts.Total = 10 * time.Minute })
			if err := send(t.Context(), client); err != nil {
				t.Fatal(err)
			}
			seconds, err := strconv.Atoi(strings.Split(rec.requests()[1].Header.Get("Authorization"), "/")[3])
			if err != nil || seconds <= 60 || seconds > 660 {
				t.Errorf("a call of ten minutes was signed for %d s: %v", seconds, err)
			}
		})
	}
}
