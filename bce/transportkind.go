package bce

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
)

// handshakeError marks a failure to make a secure connection.
type handshakeError struct {
	addr string
	err  error
}

func (e *handshakeError) Error() string { return "tls handshake with " + e.addr + ": " + e.err.Error() }
func (e *handshakeError) Unwrap() error { return e.err }

// transportKind names a round trip's failure. The context comes first: once it has ended,
// the network's own word is only an echo of that.
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

// isTLSError recognises a handshake that net/http itself did, inside a proxy's tunnel.
func isTLSError(err error) bool {
	var (
		record       tls.RecordHeaderError
		alert        tls.AlertError
		verification *tls.CertificateVerificationError
	)
	return errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &verification)
}
