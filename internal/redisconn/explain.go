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

// ConnError says why Redis could not be used, to the person who can do something about it. Clients of this
// package return it for every command that failed for a reason of the server or of the way to it.
type ConnError struct {
	// Endpoint is what was to be reached; see [Options.String].
	Endpoint string
	// Cause is what happened, where possible in Redis's own words.
	Cause string
	// Advice is what to look at or do next.
	Advice string
	// Err is the error as it came.
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
	// kindDown: nobody answers at the one address there is. It may be starting, or the wrong address.
	kindDown kind = iota
	// kindPassing ends by itself: Redis loads, is busy, fails over, or lacks a replica.
	kindPassing
	// kindLasting ends only when somebody changes something.
	kindLasting
	// kindRefusing: Redis answers and refuses writes until somebody gives it memory or disk. What was begun
	// may wait for that, as reads go on.
	kindRefusing
)

// Lasting reports whether err is of a Redis that goes on to fail the same way until somebody changes the URL,
// the user's permissions or the server's configuration: whoever waits for Redis ends at once.
func Lasting(err error) bool {
	var conn *ConnError
	var url *URLError
	return errors.As(err, &conn) && conn.kind == kindLasting || errors.As(err, &url)
}

// Passing reports whether err is of a Redis that may answer again without anybody's help.
func Passing(err error) bool {
	var conn *ConnError
	return errors.As(err, &conn) && (conn.kind == kindPassing || conn.kind == kindDown)
}

const (
	adviceStart    = "is it running? Start one with \"redis-server --appendonly yes\", or name yours with --redis or HAVIP_REDIS_URL"
	adviceNetwork  = "check the address, the network and its firewalls"
	adviceSilence  = "it is reached and does not answer, or a firewall drops what is sent: check the address and the server"
	adviceClosed   = "check that the address is a Redis server's, and whether both ends speak TLS (rediss://) or neither does (redis://)"
	adviceFailover = "a failover takes some seconds"
	adviceNoTLS    = "the server does not speak TLS: write redis:// in place of rediss://"
	adviceTLS      = "the server speaks TLS: write rediss:// in place of redis://"
	adviceTLSEnds  = "is it TLS at both ends? rediss:// speaks TLS, redis:// does not"
	adviceCert     = "check the server's certificate"
	adviceCA       = "name the authority's file with tls_ca=FILE"
	adviceHost     = "issue the certificate with this host as a subjectAltName, or name one that it has with tls_server_name=HOST"
	adviceExpired  = "renew the server's certificate; if it is valid, set this machine's clock"
	adviceClient   = "the server wants a certificate of the client's: give it with tls_cert=FILE and tls_key=FILE"
	adviceMaster   = "check master=NAME against \"SENTINEL MASTERS\""
	adviceOther    = "check --redis or HAVIP_REDIS_URL"
)

// Explain wraps an error of Redis with what it means for the Redis at the URL. Nil stays nil, and so does an
// error that is explained already, or is not Redis's: the end of a context, or what another service answers.
// Clients of this package explain what their commands return; this is for what reaches a program another way, such
// as through asynq, which keeps only the text.
func Explain(rawURL string, err error) error {
	options, parseErr := Parse(rawURL)
	if parseErr != nil { // of one that was brought along
		options = Options{Addrs: []string{"server"}}
	}
	x := explainer{options}
	var known *ConnError
	if err == nil || errors.As(err, &known) {
		return err
	}
	d := x.diagnoseReply(err) // whose network failed, an error does not say
	if unknownCommand(err) {
		d = diagnosis{ownWords(err), adviceCommand, kindLasting}
	}
	return x.wrap(err, d)
}

// ExplainOf wraps an error that a command of the client failed with as the clients of this package do themselves: also one of
// the network. It is for clients that others made.
func ExplainOf(client redis.UniversalClient, err error) error {
	return explainer{optionsOf(client)}.explain(err)
}

// optionsOf are what a client tells of the Redis that it was made for.
func optionsOf(client redis.UniversalClient) Options {
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

// always explains an error that is known to be of Redis.
func (x explainer) always(err error) error {
	if explained := x.explain(err); explained == nil || errors.As(explained, new(*ConnError)) {
		return explained
	}
	return &ConnError{Endpoint: x.options.String(), Cause: err.Error(), Advice: adviceOther, Err: err, kind: kindLasting}
}

// diagnosis is what an error means; the zero one is of an error that is none of Redis's condition.
type diagnosis struct {
	cause, advice string
	kind          kind
}

// diagnose knows what go-redis and the net package answer; order matters only where an error is of two kinds.
func (x explainer) diagnose(err error) diagnosis {
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

// diagnoseSentinels is about sentinels of which none has named the master.
func (x explainer) diagnoseSentinels(err error) diagnosis {
	switch network := diagnoseNetwork(err); {
	case redis.IsAuthError(err):
		return diagnosis{"the sentinels refuse the password (" + ownWords(err) + ")", "give theirs as sentinel_password=… (and sentinel_user=…) in the URL", kindLasting}
	case unknownCommand(err):
		return diagnosis{"the server is no sentinel", "name the sentinels' port, mostly 26379; or write redis:// in place of redis-sentinel://", kindLasting}
	case redis.IsPermissionError(err):
		return diagnosis{"the sentinels refuse the user (" + ownWords(err) + ")", adviceGrant, kindLasting}
	case errors.Is(err, redis.Nil):
		return diagnosis{"the sentinels know no master " + x.options.Master, adviceMaster, kindLasting}
	case network.cause != "":
		return diagnosis{"no sentinel answers (" + network.cause + ")", adviceNetwork, kindPassing}
	}
	return diagnosis{"no sentinel names the master", adviceMaster, kindPassing}
}

// diagnoseTLS is about two ends that disagree on TLS. The other end's objections come as an unexported type, known
// only by its words.
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
	case errors.As(err, &record):
		advice = adviceNoTLS
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

// diagnoseNetwork is about a server that is not reached, or does not answer.
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
		return diagnosis{"the socket may not be opened", "check its owner and mode", kindLasting}
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
