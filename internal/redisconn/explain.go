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
	"regexp"
	"slices"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9"
)

// ConnError says why Redis could not be used, and what to do about it. Clients of this package return it for every command
// that failed because of the server or the connection to it.
type ConnError struct {
	// Endpoint is the Redis; see [Options.String].
	Endpoint string
	// Cause is what happened, if possible in Redis's own words.
	Cause string
	// Advice is what to check or do next.
	Advice string
	// Err is the original error.
	Err error
	// kind says whether waiting helps.
	kind kind
}

func (e *ConnError) Error() string {
	return fmt.Sprintf("redis %s: %s; %s", e.Endpoint, e.Cause, e.Advice)
}

func (e *ConnError) Unwrap() error { return e.Err }

// kind says whether waiting helps against an error.
type kind int

const (
	// kindDown: no server answers at the only address. It may be starting, or the address may be wrong.
	kindDown kind = iota
	// kindPassing ends by itself: Redis loads, is busy, fails over, or lacks a replica.
	kindPassing
	// kindLasting does not end without a change of URL, permissions or configuration.
	kindLasting
	// kindRefusing: Redis answers and refuses writes until it has memory or disk space. A running command may wait for
	// that, because reads continue.
	kindRefusing
)

// Lasting reports whether err is of a Redis that keeps failing until the URL, the user's permissions or the server's
// configuration are changed: waiting does not help.
func Lasting(err error) bool {
	var conn *ConnError
	var url *URLError
	return errors.As(err, &conn) && conn.kind == kindLasting || errors.As(err, &url)
}

// Passing reports whether err is of a Redis that may recover by itself.
func Passing(err error) bool {
	var conn *ConnError
	return errors.As(err, &conn) && (conn.kind == kindPassing || conn.kind == kindDown)
}

// RefusesWrites reports whether err is of a Redis that answers, and accepts no writes at present: it lacks memory, disk space or
// replicas, or is a replica.
func RefusesWrites(err error) bool {
	d := explainer{}.diagnoseReply(err)
	return d.kind == kindRefusing || strings.Contains(d.cause, "NOREPLICAS ")
}

const (
	adviceStart    = "start Redis with \"redis-server --appendonly yes\", or set --redis or HAVIP_REDIS_URL to the URL of a running one"
	adviceNetwork  = "check the address, the network and firewalls"
	adviceSilence  = "the server hangs, or a firewall drops the packets: check the address and the server"
	adviceClosed   = "check that this is the address of a Redis server, and that either both ends use TLS (rediss://) or neither does (redis://)"
	adviceFailover = "a failover takes some seconds"
	adviceNoTLS    = "write redis:// instead of rediss://"
	adviceTLS      = "write rediss:// instead of redis://"
	adviceTLSEnds  = "check that both ends use TLS: rediss:// uses TLS, redis:// does not"
	adviceCert     = "check the server's certificate"
	adviceCA       = "give the certificate authority's file with tls_ca=FILE"
	adviceHost     = "issue the certificate with this host as a subjectAltName, or give one of its names with tls_server_name=HOST"
	adviceExpired  = "renew the server's certificate; if it is valid, set this machine's clock"
	adviceClient   = "the server requires a client certificate: give it with tls_cert=FILE and tls_key=FILE"
	adviceRefused  = "give one that the server's authority signed and that is valid, with tls_cert=FILE and tls_key=FILE"
	adviceMaster   = "check master=NAME against \"SENTINEL MASTERS\""
	adviceOther    = "check --redis or HAVIP_REDIS_URL"
	adviceAddress  = "set --redis or HAVIP_REDIS_URL to the address of a Redis server"
)

// Explain explains an error of the Redis at the URL. It returns nil, explained errors and errors of other origin (a context
// that ended, another service's answer) unchanged. Clients of this package explain the errors of their commands; Explain is
// for errors that arrive another way, such as through asynq, which keeps only the text.
func Explain(rawURL string, err error) error {
	options, parseErr := ParsePlace(rawURL)
	if parseErr != nil { // another package may have created the client
		options = Options{Addrs: []string{"server"}}
	}
	x := explainer{options}
	var known *ConnError
	if err == nil || errors.As(err, &known) {
		return err
	}
	d := x.diagnoseReply(err) // a network error does not say which connection failed
	if unknownCommand(err) {
		d = diagnosis{ownWords(err), adviceCommand, kindLasting}
	}
	return x.wrap(err, d)
}

// ExplainOf explains an error of a client's command as the clients of this package do, including network errors. It is for
// clients that other packages created.
func ExplainOf(client redis.Cmdable, err error) error {
	return explainer{optionsOf(client)}.explain(err)
}

// optionsOf returns the options of a client, as far as they are accessible.
func optionsOf(client redis.Cmdable) Options {
	switch client := client.(type) {
	case *redis.ClusterClient:
		return Options{Mode: Cluster, Addrs: client.Options().Addrs}
	case *redis.Client:
		if addr := client.Options().Addr; addr != sentinelAddr {
			return Options{Mode: Single, Addrs: []string{addr}}
		}
		return Options{Mode: Sentinel, Addrs: []string{"unknown"}}
	}
	return Options{Mode: Single, Addrs: []string{"server"}}
}

// explainer knows the Redis whose errors it explains.
type explainer struct{ options Options }

func (x explainer) explain(err error) error {
	var known *ConnError
	if err == nil || errors.As(err, &known) {
		return err
	}
	return x.wrap(err, x.diagnose(err))
}

func (x explainer) wrap(err error, d diagnosis) error {
	if d.cause == "" {
		return err
	}
	return &ConnError{Endpoint: x.options.String(), Cause: d.cause, Advice: d.advice, Err: err, kind: d.kind}
}

// always explains an error that is known to be Redis's.
func (x explainer) always(err error) error {
	if explained := x.explain(err); explained == nil || errors.As(explained, new(*ConnError)) {
		return explained
	}
	return &ConnError{Endpoint: x.options.String(), Cause: err.Error(), Advice: adviceOther, Err: err, kind: kindLasting}
}

// diagnosis is the meaning of an error; it is zero for an error that is not Redis's.
type diagnosis struct {
	cause, advice string
	kind          kind
}

// diagnose classifies errors of go-redis and of package net. The order matters for errors with several matches.
func (x explainer) diagnose(err error) diagnosis {
	if d := diagnoseProtocol(err); d.cause != "" {
		return d
	}
	if strings.Contains(err.Error(), "all sentinels specified in configuration are unreachable") {
		return x.diagnoseSentinels(err)
	}
	if d := x.diagnoseReply(err); d.cause != "" {
		return d
	}
	if d := diagnoseTLS(err); d.cause != "" {
		return d
	}
	d := diagnoseNetwork(err)
	if d.kind != kindDown || d.cause == "" {
		return d
	}
	switch x.options.Mode {
	case Sentinel:
		return diagnosis{fmt.Sprintf("the sentinels' master %s does not answer (%s)", x.options.Master, d.cause), adviceFailover, kindPassing}
	case Cluster:
		return diagnosis{fmt.Sprintf("one master of the cluster does not answer (%s)", d.cause), adviceFailover, kindPassing}
	case Single:
	}
	return d
}

// diagnoseSentinels explains why no sentinel named the master.
func (x explainer) diagnoseSentinels(err error) diagnosis {
	switch network := diagnoseNetwork(err); {
	case redis.IsAuthError(err):
		return diagnosis{"the sentinels refuse the password (" + ownWords(err) + ")", "add sentinel_password=… (and sentinel_user=…) to the URL", kindLasting}
	case unknownCommand(err):
		return diagnosis{"the server is not a sentinel", "use the sentinels' port, usually 26379; or write redis:// instead of redis-sentinel://", kindLasting}
	case redis.IsPermissionError(err):
		return diagnosis{"the sentinels refuse the user (" + ownWords(err) + ")", adviceGrant, kindLasting}
	case errors.Is(err, redis.Nil):
		return diagnosis{"the sentinels do not know the master " + x.options.Master, adviceMaster, kindLasting}
	case network.cause != "":
		return diagnosis{"no sentinel answers (" + network.cause + ")", adviceNetwork, kindPassing}
	}
	return diagnosis{"no sentinel reports the master", adviceMaster, kindPassing}
}

// foreignReply is go-redis's error for an answer to HELLO that is none of Redis's, with the first line of the answer.
var foreignReply = regexp.MustCompile(`redis: (?:invalid|can't parse map) reply: "(.*)"`)

// diagnoseProtocol explains an answer that is none of Redis's.
func diagnoseProtocol(err error) diagnosis {
	found := foreignReply.FindStringSubmatch(err.Error())
	switch {
	case found == nil:
		return diagnosis{}
	case isHTTP(found[1]):
		return diagnosis{errSpeaksHTTP.Error(), adviceAddress, kindLasting}
	}
	return diagnosis{`the server does not speak Redis's protocol: it answered "` + found[1] + `"`, adviceAddress, kindLasting}
}

// isHTTP reports whether an answer is of an HTTP server, which may send a page without a status line to what it takes for HTTP/0.9.
// The five bytes that a failed TLS handshake keeps suffice.
func isHTTP(answer string) bool {
	const enough = 5
	return len(answer) >= enough && slices.Contains([]string{"http/", "<!doc", "<html"}, strings.ToLower(answer[:enough]))
}

// refusedCertificate is a server's alert about the client's certificate.
var refusedCertificate = regexp.MustCompile(`remote error: tls: (?:(?:bad|unsupported|revoked|expired|unknown) certificate|unknown certificate authority)`)

// diagnoseTLS explains failed TLS handshakes. Alerts of the other end have an unexported type, so it matches their text.
func diagnoseTLS(err error) diagnosis {
	var record tls.RecordHeaderError
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	advice := ""
	switch text := err.Error(); {
	case strings.Contains(text, "tls: certificate required"):
		return diagnosis{"TLS without a certificate", adviceClient, kindLasting}
	case refusedCertificate.MatchString(text):
		return diagnosis{"the server refuses the client certificate (" + text + ")", adviceRefused, kindLasting}
	case errors.As(err, &record) && isHTTP(string(record.RecordHeader[:])):
		return diagnosis{errSpeaksHTTP.Error(), adviceAddress, kindLasting}
	case errors.As(err, &record):
		return diagnosis{errSpeaksRaw.Error(), adviceNoTLS, kindLasting}
	case strings.Contains(text, "remote error: tls: "):
		advice = adviceTLSEnds
	case errors.As(err, &authority):
		advice = adviceCA
	case errors.As(err, &host):
		advice = adviceHost
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		advice = adviceExpired
	case errors.As(err, &verification), errors.As(err, &invalid):
		advice = adviceCert
	default:
		return diagnosis{}
	}
	return diagnosis{err.Error(), advice, kindLasting}
}

// diagnoseNetwork explains why a server cannot be reached or does not answer.
func diagnoseNetwork(err error) diagnosis {
	var dns *net.DNSError
	var timeout net.Error
	var operation *net.OpError
	switch {
	case errors.As(err, &dns):
		return diagnosis{"host " + dns.Name + " cannot be resolved", adviceNetwork, kindDown}
	case errors.Is(err, syscall.ECONNREFUSED):
		return diagnosis{"connection refused", adviceStart, kindDown}
	case errors.Is(err, fs.ErrNotExist):
		return diagnosis{"the socket does not exist", adviceStart, kindDown}
	case errors.Is(err, fs.ErrPermission):
		return diagnosis{"no permission to open the socket", "check its owner and mode", kindLasting}
	case errors.Is(err, context.Canceled):
		return diagnosis{}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return diagnosis{"no answer in time", adviceSilence, kindDown}
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.ErrUnexpectedEOF):
		return diagnosis{"the connection was closed", adviceClosed, kindDown}
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return diagnosis{"no route to the host", adviceNetwork, kindDown}
	case errors.As(err, &operation):
		return diagnosis{operation.Err.Error(), adviceNetwork, kindDown}
	case errors.Is(err, redis.ErrPoolTimeout), errors.Is(err, redis.ErrPoolExhausted):
		return diagnosis{"all connections of this process are in use", "Redis answers slowly, or pool_size is too small", kindPassing}
	}
	return diagnosis{}
}
