package bce

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
)

// handshakeError is a failed TLS handshake.
type handshakeError struct {
	addr string
	err  error
}

func (e *handshakeError) Error() string { return "tls handshake with " + e.addr + ": " + e.err.Error() }
func (e *handshakeError) Unwrap() error { return e.err }

// transportKind classifies a failed round trip. It checks the context first, because a network error
// after its end is only a consequence.
func transportKind(ctx context.Context, connected bool, err error) Kind {
	var (
		handshake *handshakeError
		dns       *net.DNSError
		op        *net.OpError
		network   net.Error
	)
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return KindCanceled
	case ctx.Err() != nil:
		return KindTimeout
	case errors.As(err, &dns):
		return KindDNS
	case errors.As(err, &handshake) || !connected && isTLSError(err):
		return KindTLS
	case !connected, errors.As(err, &op) && op.Op == "dial":
		return KindDial
	case errors.As(err, &network) && network.Timeout():
		return KindTimeout
	default:
		return KindBroken
	}
}

// isTLSError recognizes a failed handshake by net/http itself, inside a proxy's tunnel.
func isTLSError(err error) bool {
	var (
		record       tls.RecordHeaderError
		alert        tls.AlertError
		verification *tls.CertificateVerificationError
	)
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &verification)
}
