package redisconn

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"
)

// ConnError is a connection that failed, told to the person who can do something about it.
type ConnError struct {
	// Endpoint is what was to be reached; see [Options.String].
	Endpoint string
	// Cause is what happened, in a few words, such as "connection refused".
	Cause string
	// Advice is what to look at or do next.
	Advice string
	// Err is the error as it came.
	Err error
}

func (e *ConnError) Error() string {
	return fmt.Sprintf("redis %s: %s; %s", e.Endpoint, e.Cause, e.Advice)
}

func (e *ConnError) Unwrap() error { return e.Err }

const (
	adviceStart   = "is it running? Start one with \"redis-server --appendonly yes\", or name yours with --redis or HAVIP_REDIS_URL"
	adviceUser    = "put the right user and password into the URL of --redis or HAVIP_REDIS_URL (redis://user:password@host:port/0)"
	adviceGrant   = "the user lacks a permission; see ACL WHOAMI and ACL GETUSER"
	adviceNetwork = "check the address, the network and its firewalls"
	adviceSilence = "check the address, the network and its firewalls, and that both ends speak TLS (rediss://) or neither does (redis://)"
	adviceLoading = "it is reading its data and will answer when it has; wait, and try again"
	adviceTLS     = "is it TLS at both ends? rediss:// speaks TLS, redis:// does not"
	adviceCert    = "name the authority's file with tls_ca=FILE, or the certificate's host with tls_server_name=HOST"
	adviceClient  = "the server wants a certificate of the client's: give it with tls_cert=FILE and tls_key=FILE"
	adviceMaster  = "check master=NAME against \"SENTINEL MASTERS\" and that the sentinels can be reached"
	adviceReplica = "the server is a replica; name the master, or its sentinels with redis-sentinel://"
	adviceCluster = "the server belongs to a cluster; use redis-cluster:// in place of redis://"
	adviceOther   = "check --redis or HAVIP_REDIS_URL"
)

// Explain wraps an error of a command with what it means for the endpoint; nil stays nil,
// and an error that is explained already stays as it is.
func Explain(endpoint string, err error) error {
	var known *ConnError
	if err == nil || errors.As(err, &known) {
		return err
	}
	cause, advice := diagnose(err)
	return &ConnError{Endpoint: endpoint, Cause: cause, Advice: advice, Err: err}
}

// diagnose knows what go-redis and the net package answer; order matters only where an
// error is of two kinds.
func diagnose(err error) (cause, advice string) {
	if cause, advice := diagnoseReply(err); cause != "" {
		return cause, advice
	}
	var dns *net.DNSError
	var timeout net.Error
	switch {
	case errors.As(err, &dns):
		return "host " + dns.Name + " cannot be resolved", adviceNetwork
	case strings.Contains(err.Error(), "all sentinels specified in configuration are unreachable"):
		return "no sentinel knows the master", adviceMaster
	case errors.Is(err, syscall.ECONNREFUSED):
		return "connection refused", adviceStart
	case errors.Is(err, fs.ErrNotExist):
		return "the socket does not exist", adviceStart
	case errors.Is(err, fs.ErrPermission):
		return "the socket may not be opened", "check its owner and mode"
	case strings.Contains(err.Error(), "tls: certificate required"):
		return "TLS without a certificate", adviceClient
	case isTLS(err):
		return err.Error(), adviceTLS
	case isCertificate(err):
		return err.Error(), adviceCert
	case errors.Is(err, context.Canceled):
		return "interrupted", adviceNetwork
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return "no answer in time", adviceSilence
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was closed", adviceTLS
	}
	return err.Error(), adviceOther
}

// diagnoseReply reads an error that the server itself sent.
func diagnoseReply(err error) (cause, advice string) {
	switch {
	case redis.IsAuthError(err):
		return "authentication failed", adviceUser
	case redis.IsPermissionError(err):
		return err.Error(), adviceGrant
	case redis.IsLoadingError(err):
		return "loading its data", adviceLoading
	case redis.IsReadOnlyError(err):
		return "read-only", adviceReplica
	case redis.HasErrorPrefix(err, "MOVED"):
		return "in cluster mode", adviceCluster
	case redis.HasErrorPrefix(err, "DENIED"):
		return "protected mode", "set a password on the server, or bind it to an address you trust"
	}
	return "", ""
}

// isTLS reports whether the two ends disagree on TLS itself. The other end's objections
// come as an unexported type, known only by its words.
func isTLS(err error) bool {
	var record tls.RecordHeaderError
	return errors.As(err, &record) || strings.Contains(err.Error(), "remote error: tls: ")
}

func isCertificate(err error) bool {
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	return errors.As(err, &verification) || errors.As(err, &authority) || errors.As(err, &host)
}
