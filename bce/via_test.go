package bce

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// behind has the client's own transport use a proxy, with a user and a password that must not be shown.
func behind(t *testing.T, client *Client, proxy *url.URL) {
	t.Helper()
	transport, ours := client.transport.(*http.Transport)
	if !ours {
		t.Fatal("the transport is not ours")
	}
	with := *proxy
	with.User = url.UserPassword("me", "proxy-password")
	transport.Proxy = http.ProxyURL(&with)
}

// page is what a proxy or gateway answers.
func page(status int, header string) string {
	const body = "<html>no</html>"
	return fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Type: text/html\r\nContent-Length: %d\r\n%s\r\n%s", status, len(body), header, body)
}

// TestProxyIsNamed: what a proxy answers in BCE's stead is told with the proxy, the status and where it redirects
// to, whether the request was sent to it in plain or it was asked for a tunnel.
func TestProxyIsNamed(t *testing.T) {
	t.Parallel()
	const location = "Location: https://me:portal-password@portal.example.com/login\r\n"
	for name, c := range map[string]struct {
		answer   string
		endpoint string
		kind     Kind
		sent     bool
		status   string
		want     string
	}{
		"plain 407":  {page(407, ""), "http://bcc.test", KindUnreadable, true, "407", "<html>no</html>"},
		"plain 403":  {page(403, ""), "http://bcc.test", KindUnreadable, true, "403", "<html>no</html>"},
		"plain 302":  {page(302, location), "http://bcc.test", KindUnreadable, true, "302", "https://portal.example.com/login"},
		"tunnel 407": {page(407, ""), "https://bcc.test", KindDial, false, "407 Proxy Authentication Required", "NO_PROXY"},
		"tunnel 403": {page(403, ""), "https://bcc.test", KindDial, false, "403 Forbidden", ""},
		"tunnel 302": {page(302, location), "https://bcc.test", KindDial, false, "302 Found", "https://portal.example.com/login"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := proxyTo(t, func(client net.Conn, _ string) { _, _ = io.WriteString(client, c.answer) })
			client, seen := newTestClient(t, c.endpoint, func(config *Config) { config.AllowPlainHTTP = true })
			behind(t, client, proxy)
			err := create(t.Context(), t, client)
			expectFailure(t, err, seen.only(t), c.kind, c.sent)
			for _, want := range []string{"proxy http://" + proxy.Host, c.status, c.want} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %v; want %q in it", err, want)
				}
			}
			if strings.Contains(err.Error(), "-password") {
				t.Errorf("a password is shown: %v", err)
			}
		})
	}
}

// TestGatewayIsNamed: without a proxy of ours, a gateway is named as it names itself.
func TestGatewayIsNamed(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"Via: 1.1 corporate-gateway\r\n":              "corporate-gateway",
		"Server: nginx/1.25\r\n":                      "nginx/1.25",
		"Location: https://portal.example.com/in\r\n": "https://portal.example.com/in",
		"": "<html>no</html>",
	} {
		addr := rawServer(t, func(_ int, conn net.Conn) {
			if _, err := conn.Read(make([]byte, 1<<16)); err == nil {
				_, _ = io.WriteString(conn, page(302, header))
			}
		})
		client, _ := newTestClient(t, "http://"+addr, nil)
		err := create(t.Context(), t, client)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "302") || !strings.Contains(err.Error(), "<html>no</html>") {
			t.Errorf("%q: error %v; want %q in it", header, err, want)
		}
	}
}

// An answer of BCE itself is reported unchanged.
func TestProxyIsNotNamedForAnswersOfBCE(t *testing.T) {
	t.Parallel()
	const body = `{"code":"AccessDenied","message":"no","requestId":"r"}`
	proxy := proxyTo(t, func(client net.Conn, _ string) {
		_, _ = fmt.Fprintf(client, "HTTP/1.1 403 Forbidden\r\nServer: BWS\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	})
	client, seen := newTestClient(t, "http://bcc.test", func(config *Config) { config.AllowPlainHTTP = true })
	behind(t, client, proxy)
	err := create(t.Context(), t, client)
	expectFailure(t, err, seen.only(t), KindAPI, true)
	if strings.Contains(err.Error(), "proxy") || strings.Contains(err.Error(), "BWS") {
		t.Errorf("error %v", err)
	}
}

// A success whose end is missing says where it broke off, and does not suggest that another server answered.
func TestBrokenOffAnswer(t *testing.T) {
	t.Parallel()
	const part = `{"haVipId":"havi`
	for name, length := range map[string]int{"the connection ends": 40, "the JSON ends": len(part)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := rawServer(t, func(_ int, conn net.Conn) {
				if _, err := conn.Read(make([]byte, 1<<16)); err == nil {
					_, _ = fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nServer: BWS\r\nContent-Length: %d\r\n\r\n%s", length, part)
				}
			})
			client, seen := newTestClient(t, "http://"+addr, nil)
			err := create(t.Context(), t, client)
			expectFailure(t, err, seen.only(t), KindUnreadable, true)
			if want := fmt.Sprintf("broke off after %d bytes: %s", len(part), part); !strings.Contains(err.Message, want) || strings.Contains(err.Error(), "BWS") {
				t.Errorf("error %v\nwant %s", err, want)
			}
		})
	}
}
