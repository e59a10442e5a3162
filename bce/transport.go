package bce

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"time"
)

const (
	// maxIdleConns keeps a connection for every call of a busy worker; with net/http's default
	// of two per host, most calls would connect again.
	maxIdleConns = 256
	// idleConnTimeout is shorter than servers' usual 60 s, so that the client closes first: if the
	// server closes a connection while a create is sent, its outcome is unknown.
	idleConnTimeout = 30 * time.Second
	// maxResponseHeaderBytes is far above any answer of BCE.
	maxResponseHeaderBytes = 64 << 10
)

// dialer makes the counted connections of a client.
type dialer struct {
	net        net.Dialer
	tls        *tls.Config
	tlsTimeout time.Duration
}

// newTransport returns a transport that shares nothing with [http.DefaultTransport]: HTTP/1.1 only,
// so that bytes can be attributed to requests; no compression, so that size limits hold; proxies
// from the environment.
func newTransport(t Timeouts, roots *x509.CertPool) *http.Transport {
	tlsConfig := &tls.Config{
		MinVersion:         tls.VersionTLS12,
		RootCAs:            roots,
		ClientSessionCache: tls.NewLRUClientSessionCache(0),
	}
	d := dialer{net: net.Dialer{Timeout: t.Dial}, tls: tlsConfig, tlsTimeout: t.TLS}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		OnProxyConnectResponse: checkTunnel,
		DialContext:            d.dial,
		DialTLSContext:         d.dialTLS,
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    t.TLS, // for the handshake inside a proxy's tunnel
		ResponseHeaderTimeout:  t.ResponseHeader,
		MaxResponseHeaderBytes: maxResponseHeaderBytes,
		DisableCompression:     true,
		MaxIdleConns:           maxIdleConns,
		MaxIdleConnsPerHost:    maxIdleConns,
		IdleConnTimeout:        idleConnTimeout,
		Protocols:              protocols,
	}
}

func (d dialer) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := d.net.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	return newCountedConn(conn), nil
}

func (d dialer) dialTLS(ctx context.Context, network, addr string) (net.Conn, error) {
	raw, err := d.net.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	config := d.tls.Clone()
	config.ServerName = host
	ctx, cancel := context.WithTimeout(ctx, d.tlsTimeout)
	defer cancel()
	conn := tls.Client(raw, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, &handshakeError{addr, err}
	}
	return newCountedConn(conn), nil
}
