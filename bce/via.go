package bce

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// proxyOf returns the proxy that the client's own transport uses for the request; nil if there is none or the transport
// is not ours.
func (c *Client) proxyOf(req *http.Request) *url.URL {
	transport, ours := c.transport.(*http.Transport)
	if !c.ownTransport || !ours || transport.Proxy == nil {
		return nil
	}
	proxy, err := transport.Proxy(req)
	if err != nil {
		return nil
	}
	return proxy
}

// proxyName returns a proxy's URL without user and password.
func proxyName(proxy *url.URL) string { return "proxy " + proxy.Scheme + "://" + proxy.Host }

// checkTunnel checks a proxy's answer to CONNECT. net/http's own error names neither the proxy nor the status.
func checkTunnel(_ context.Context, proxy *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	text := fmt.Sprintf("%s answered %d", proxyName(proxy), answer.StatusCode)
	if word := http.StatusText(answer.StatusCode); word != "" {
		text += " " + word
	}
	text += redirection(answer.StatusCode, answer.Header)
	if answer.StatusCode == http.StatusProxyAuthRequired {
		text += "; add user and password to the proxy's URL in HTTPS_PROXY, or set NO_PROXY to the endpoint's host"
	}
	return &tunnelError{text}
}

// tunnelError reports that a proxy refused to connect to BCE.
type tunnelError struct{ text string }

func (e *tunnelError) Error() string { return e.text }

// redirection returns where an answer redirects to; "" if it does not.
func redirection(status int, header http.Header) string {
	location := header.Get("Location")
	if location == "" || status < http.StatusMultipleChoices || status >= http.StatusBadRequest {
		return ""
	}
	if u, err := url.Parse(location); err == nil && u.User != nil {
		u.User = nil
		location = u.String()
	}
	return ", a redirect to " + clean(location, maxWord)
}

// answeredBy returns the source of an answer that is not BCE's: the proxy used, or a server's own name in Via or
// Server. It is "" if unknown.
func (a answer) answeredBy() string {
	by := ""
	if a.proxy != nil {
		by = proxyName(a.proxy)
	} else if name := cmp.Or(a.header.Get("Via"), a.header.Get("Server")); name != "" {
		by = "a server that calls itself " + clean(name, maxWord)
	}
	to := redirection(a.status, a.header)
	switch {
	case by == "" && to == "":
		return ""
	case by == "":
		by = "a server"
	}
	return "answered by " + by + to
}
