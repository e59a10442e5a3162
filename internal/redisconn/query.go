package redisconn

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"havip/internal/until"
)

// maxPoolSize prevents a typing mistake from opening a million connections.
const maxPoolSize = 100_000

// parseQuery reads the options after "?". Each may be given once.
func (p *parser) parseQuery(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return p.fault("options", "the options must be name=value, joined with & and percent-encoded")
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if len(values[name]) > 1 {
			return p.optionFault(name, "is given more than once")
		}
		if err := p.parseOption(name, values.Get(name)); err != nil {
			return err
		}
	}
	if p.form.mode == Sentinel && p.options.Master == "" {
		return p.optionFault("master", "is missing; it is the sentinels' name for the master")
	}
	return nil
}

// rightValues are values of options for examples.
var rightValues = map[string]string{
	"db": "0", "client_name": "enqueue", "pool_size": "20", "dial_timeout": "3s", "read_timeout": "3s", "write_timeout": "3s",
	"master": "mymaster", "tls_ca": "/etc/redis/ca.pem", "tls_cert": "/etc/redis/cert.pem&tls_key=/etc/redis/key.pem", "skip_verify": "true",
}

// optionFault is the fault of an option; clause is its predicate. An unknown name may be a part of a password that was not
// percent-encoded, so only names of the usual form are shown.
func (p *parser) optionFault(name, clause string) error {
	if strings.ContainsFunc(name, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') }) {
		return p.fault("options", "one of the options "+clause)
	}
	fault := &URLError{Part: "option " + name, Reason: "the option " + name + " " + clause, Example: p.form.example}
	switch {
	case isTLSOption(name) && !p.form.tls:
		fault.Example = exampleTLS
	case isSentinelOption(name):
		fault.Example = exampleSentinel
	}
	if value, known := rightValues[name]; known {
		place, query, _ := strings.Cut(fault.Example, "?")
		if query != "" && !strings.HasPrefix(query, name+"=") {
			value += "&" + query
		}
		fault.Example = place + "?" + name + "=" + value
	}
	return fault
}

func isTLSOption(name string) bool { return strings.HasPrefix(name, "tls_") || name == "skip_verify" }

func isSentinelOption(name string) bool {
	return name == "master" || strings.HasPrefix(name, "sentinel_")
}

func (p *parser) parseOption(name, value string) error {
	o := &p.options
	switch name {
	case "db":
		return p.parseDB(value, p.optionFault)
	case "client_name":
		return p.parseClientName(value)
	case "pool_size":
		return p.parsePoolSize(value)
	case "dial_timeout":
		return p.parseTimeout(name, value, &o.DialTimeout)
	case "read_timeout":
		return p.parseTimeout(name, value, &o.ReadTimeout)
	case "write_timeout":
		return p.parseTimeout(name, value, &o.WriteTimeout)
	}
	switch {
	case p.form.mode == Sentinel && name == "master":
		o.Master = value
	case p.form.mode == Sentinel && name == "sentinel_user":
		o.SentinelUsername = value
	case p.form.mode == Sentinel && name == "sentinel_password":
		o.sentinelPassword = &value
	case p.form.tls && p.files.set(name, value):
	case p.form.tls && name == "skip_verify":
		return p.parseSkipVerify(value)
	case isTLSOption(name):
		return p.optionFault(name, "is only for TLS: rediss://, rediss-sentinel:// or rediss-cluster://")
	case p.form.mode != Sentinel && isSentinelOption(name):
		return p.optionFault(name, "is only for sentinels: redis-sentinel:// or rediss-sentinel://")
	default:
		return p.optionFault(name, "is unknown")
	}
	return nil
}

func (p *parser) parseClientName(value string) error {
	if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return p.optionFault("client_name", "must be printable ASCII without spaces")
	}
	p.options.ClientName = value
	return nil
}

func (p *parser) parsePoolSize(value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > maxPoolSize {
		return p.optionFault("pool_size", fmt.Sprintf("must be a number from 1 to %d, not %q", maxPoolSize, value))
	}
	p.options.PoolSize = n
	return nil
}

// parseTimeout reads 3s, 500ms or, as go-redis does, a number of seconds. It refuses zero: without a
// timeout, a connection can block a worker forever.
func (p *parser) parseTimeout(name, value string, timeout *time.Duration) error {
	d, err := time.ParseDuration(value)
	if seconds, atoiErr := strconv.Atoi(value); atoiErr == nil && seconds < 1<<20 {
		d, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || d <= 0 {
		return p.optionFault(name, fmt.Sprintf("must be a positive duration such as 3s or 500ms, not %q", value))
	}
	*timeout = d
	return nil
}

// tlsFiles are the TLS options before their files are read.
type tlsFiles struct {
	ca, cert, key, serverName string
	skipVerify                bool
}

func (f *tlsFiles) set(name, value string) (known bool) {
	switch name {
	case "tls_ca":
		f.ca = value
	case "tls_cert":
		f.cert = value
	case "tls_key":
		f.key = value
	case "tls_server_name":
		f.serverName = value
	default:
		return false
	}
	return true
}

func (p *parser) parseSkipVerify(value string) (err error) {
	if p.files.skipVerify, err = strconv.ParseBool(value); err != nil {
		return p.optionFault("skip_verify", fmt.Sprintf("must be true or false, not %q", value))
	}
	return nil
}

// setTLS reads the TLS files, unless ctx ends first.
func (p *parser) setTLS(ctx context.Context) error {
	if !p.form.tls {
		return nil
	}
	files := p.files
	config := &tls.Config{
		MinVersion: tls.VersionTLS12,
		// With "", the dialer uses each node's address.
		ServerName: files.serverName,
		//nolint:gosec // only where the operator wrote skip_verify=true
		InsecureSkipVerify: files.skipVerify,
	}
	if files.ca != "" {
		pem, err := until.ReadFile(ctx, files.ca)
		if err != nil {
			return p.unreadable(ctx, "tls_ca", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return p.optionFault("tls_ca", "names "+files.ca+", which contains no PEM certificate")
		}
	}
	if (files.cert == "") != (files.key == "") {
		return p.optionFault("tls_cert", "must be given together with tls_key")
	}
	if files.cert != "" {
		pair, err := until.Do(ctx, func() (tls.Certificate, error) { return tls.LoadX509KeyPair(files.cert, files.key) })
		if err != nil {
			return p.unreadable(ctx, "tls_cert", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	p.options.TLS = config
	return nil
}

// unreadable is the fault of files that cannot be read, or ctx's end.
func (p *parser) unreadable(ctx context.Context, option string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("redis URL: option %s: %w", option, err)
	}
	return p.optionFault(option, "cannot be used: "+err.Error())
}
