package bce

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		region, endpoint string
		allowPlain       bool
		want, bad        string
	}{
		{region: "bj", want: "https://bcc.bj.baidubce.com"},
		{region: "hkg", want: "https://bcc.hkg.baidubce.com"},
		{region: "Some-New-Region-2", want: "https://bcc.some-new-region-2.baidubce.com"},
		{region: "bj", endpoint: "127.0.0.1:1", want: "https://127.0.0.1:1"},
		{endpoint: "bcc.bj.baidubce.com", want: "https://bcc.bj.baidubce.com"},
		{endpoint: "https://bcc.bj.baidubce.com/", want: "https://bcc.bj.baidubce.com"},
		{endpoint: "HTTPS://bcc.bj.baidubce.com:443", want: "https://bcc.bj.baidubce.com:443"},
		{endpoint: "http://127.0.0.1:8080", want: "http://127.0.0.1:8080"},
		{endpoint: "http://127.9.9.9", want: "http://127.9.9.9"},
		{endpoint: "http://localhost:1", want: "http://localhost:1"},
		{endpoint: "http://[::1]:1", want: "http://[::1]:1"},
		{endpoint: "http://bce_sim:8080", allowPlain: true, want: "http://bce_sim:8080"},

		{bad: "region or endpoint is required"},
		{region: "b.j", bad: `region "b.j"`},
		{region: "bj.evil.com/", bad: "region"},
		{region: "-bj", bad: "region"},
		{region: strings.Repeat("a", 64), bad: "region"},
		{endpoint: "http://bcc.bj.baidubce.com", bad: "plain http"},
		{endpoint: "http://10.0.0.1", bad: "plain http"},
		{endpoint: "http://127.1", bad: "plain http"},
		{endpoint: "http://localhost.evil.com", bad: "plain http"},
		{endpoint: "http://127.0.0.1.evil.com", bad: "plain http"},
		{endpoint: "ftp://h", bad: "scheme must be"},
		{endpoint: "https://", bad: "must name a host"},
		{endpoint: "https://测试", bad: "must name a host"},
		{endpoint: "https://[fe80::1%25eth0]", bad: "must name a host"},
		{endpoint: "https://a..b", bad: "must name a host"},
		{endpoint: "https://h:0", bad: "port"},
		{endpoint: "https://h:99999", bad: "port"},
		{endpoint: "https://h:", bad: "port"},
		{endpoint: "https://h/v1", bad: "without path"},
		{endpoint: "https://h?", bad: "without path"},
		{endpoint: "https://h?a=b", bad: "without path"},
		{endpoint: "https://user:" + printSecret + "@h", bad: "user or password"},
		{endpoint: "https://user:" + printSecret + "@h:x", bad: "not a URL"},
	} {
		client, err := NewClient(Config{
			Region: c.region, Endpoint: c.endpoint, AllowPlainHTTP: c.allowPlain, Credentials: NewStaticProvider(testCredentials),
		})
		switch {
		case c.bad == "" && (err != nil || client.Endpoint() != c.want):
			t.Errorf("%+v: %v", c, err)
		case c.bad != "" && (err == nil || !strings.Contains(err.Error(), c.bad)):
			t.Errorf("%+v: error = %v", c, err)
		}
		if err != nil {
			assertNoSecret(t, "the error", err.Error())
		}
	}
}

func TestConfigDefaults(t *testing.T) {
	t.Parallel()
	client, err := NewClient(Config{Region: "bj", Credentials: NewStaticProvider(testCredentials)})
	if err != nil {
		t.Fatal(err)
	}
	got := client.config
	want := Timeouts{3 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second}
	if got.Timeouts != want || got.MaxResponseBytes != 1<<20 || got.UserAgent == "" || got.Now == nil {
		t.Errorf("defaults = %+v", got)
	}
}

func TestConfigRefuses(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*Config){
		"a provider is required":                  func(c *Config) { c.Credentials = nil },
		"timeout -1ns":                            func(c *Config) { c.Timeouts.Dial = -1 },
		"max response bytes -1":                   func(c *Config) { c.MaxResponseBytes = -1 },
		"user agent \"a\\nb\": must be printable": func(c *Config) { c.UserAgent = "a\nb" },
	} {
		config := Config{Region: "bj", Credentials: NewStaticProvider(testCredentials)}
		change(&config)
		if _, err := NewClient(config); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error = %v; want %q in it", err, want)
		}
	}
}

func TestTransport(t *testing.T) {
	t.Parallel()
	transport := newTransport(Timeouts{Dial: 1, TLS: 2, ResponseHeader: 3}, nil)
	if reflect.ValueOf(transport.Proxy).Pointer() != reflect.ValueOf(http.ProxyFromEnvironment).Pointer() {
		t.Error("the environment's proxy is not honored")
	}
	if transport.Protocols.HTTP2() || !transport.Protocols.HTTP1() || transport.ResponseHeaderTimeout != 3 || transport.TLSHandshakeTimeout != 2 {
		t.Errorf("transport = %+v", transport)
	}
	if transport == http.DefaultTransport {
		t.Error("the transport is shared with everybody")
	}
}

func TestClockOffset(t *testing.T) {
	t.Parallel()
	rec := &recorder{answer: `{"haVipId":"havip-1"}`}
	client, seen := rec.serve(t, nil)
	for _, offset := range []time.Duration{0, 40*time.Minute + 300*time.Millisecond, -time.Hour} {
		client.SetClockOffset(offset)
		if client.ClockOffset() != offset {
			t.Errorf("offset = %v; want %v", client.ClockOffset(), offset)
		}
		if _, err := client.CreateHaVIPBody(t.Context(), "t", []byte(createBody)); err != nil {
			t.Fatal(err)
		}
		all, requests := seen.all(), rec.requests()
		want := clientTime.Add(offset).Truncate(time.Second)
		sent := requests[len(requests)-1].Header
		if !all[len(all)-1].SignedAt.Equal(want) || sent.Get("X-Bce-Date") != want.Format(timestampLayout) ||
			!strings.Contains(sent.Get("Authorization"), "/"+want.Format(timestampLayout)+"/") {
			t.Errorf("signed at %v, sent %q; want %v", all[len(all)-1].SignedAt, sent.Get("X-Bce-Date"), want)
		}
	}
}

// TestWithDate: WithDate overrides the clocks.
func TestWithDate(t *testing.T) {
	t.Parallel()
	rec := &recorder{answer: `{"haVipId":"havip-1"}`}
	client, seen := rec.serve(t, nil)
	at := clientTime.Add(-20 * time.Minute)
	ctx := WithDate(t.Context(), at)
	client.SetClockOffset(25 * time.Hour)
	if _, err := client.CreateHaVIPBody(ctx, "t", []byte(createBody)); err != nil {
		t.Fatal(err)
	}
	if got := seen.only(t).SignedAt; !got.Equal(at) {
		t.Errorf("signed at %v; want %v", got, at)
	}
	if got := rec.requests()[0].Header.Get("X-Bce-Date"); got != at.Format(timestampLayout) {
		t.Errorf("sent %q; want %v", got, at)
	}
}

// TestEachAttemptIsSignedAnew repeats one create as time goes by and the key is rotated.
func TestEachAttemptIsSignedAnew(t *testing.T) {
	t.Parallel()
	rec := &recorder{answer: `{"haVipId":"havip-1"}`}
	now := clientTime
	keys := []Credentials{NewCredentials("id-one", "secret", ""), NewCredentials("id-two", "secret", "token")}
	calls := 0
	client, _ := rec.serve(t, func(c *Config) {
		c.Now = func() time.Time { return now }
		c.Credentials = providerFunc(func(context.Context) (Credentials, error) {
			calls++
			return keys[calls-1], nil
		})
	})
	for range keys {
		if _, err := client.CreateHaVIPBody(t.Context(), "t", []byte(createBody)); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Hour)
	}
	one, two := rec.requests()[0], rec.requests()[1]
	if one.Body != two.Body || one.URI != two.URI {
		t.Errorf("the attempts differ: %+v, %+v", one, two)
	}
	if one.Header.Get("X-Bce-Date") == two.Header.Get("X-Bce-Date") ||
		!strings.Contains(two.Header.Get("Authorization"), "/id-two/") || two.Header.Get("X-Bce-Security-Token") != "token" {
		t.Errorf("the second attempt is signed as the first: %v", two.Header)
	}
}

func TestNoCredentialsIsLocal(t *testing.T) {
	t.Parallel()
	for name, provider := range map[string]Provider{
		"none":    NewStaticProvider(Credentials{}),
		"zero":    providerFunc(func(context.Context) (Credentials, error) { return Credentials{}, nil }),
		"chain":   NewChain(environmentOf(nil)),
		"timeout": providerFunc(func(ctx context.Context) (Credentials, error) { <-ctx.Done(); return Credentials{}, ctx.Err() }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := &recorder{}
			client, seen := rec.serve(t, func(c *Config) {
				c.Credentials = provider
				if name == "timeout" {
					c.Timeouts.Total = 50 * time.Millisecond
				}
			})
			failure := create(t.Context(), t, client)
			kind, cause := KindLocal, ErrNoCredentials
			if name == "timeout" {
				kind, cause = KindTimeout, context.DeadlineExceeded
			}
			if failure.Kind != kind || failure.Sent || !errors.Is(failure, cause) || len(seen.all()) != 0 || len(rec.requests()) != 0 {
				t.Errorf("failure = %#v after %d requests", failure, len(rec.requests()))
			}
		})
	}
}
