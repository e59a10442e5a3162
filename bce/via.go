package bce

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// proxyOf is the proxy that the client's own transport sends the request by; nil for none. Of a transport that
// replaces ours it is not known.
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

// proxyName is a proxy without the user and password that may stand in its URL.
func proxyName(proxy *url.URL) string { return "proxy " + proxy.Scheme + "://" + proxy.Host }

// checkTunnel is told what a proxy answers to the wish for a connection to BCE. net/http's own error says
// neither which proxy it was nor the status.
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
		text += "; give the proxy's variable (HTTPS_PROXY) user and password, or set NO_PROXY to the endpoint's host"
	}
	return &tunnelError{text}
}

// tunnelError says that a proxy made no connection to BCE.
type tunnelError struct{ text string }

func (e *tunnelError) Error() string { return e.text }

// redirection says where an answer redirects to; "" if it does not.
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

// answeredBy names who gave an answer that is not BCE's, as far as it can be known: the proxy that was asked, or
// what gateways and servers say of themselves. It is "" if nothing is known.
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
