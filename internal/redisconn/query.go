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
		return p.fault("options", "must be name=value, joined with & and percent-encoded")
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if len(values[name]) > 1 {
			return p.fault(p.optionPart(name), "is given more than once")
		}
		if err := p.parseOption(name, values.Get(name)); err != nil {
			return err
		}
	}
	if p.form.mode == Sentinel && p.options.Master == "" {
		return p.fault("option master", "is required: it is the sentinels' name for the master")
	}
	return nil
}

// optionPart returns an option's name for an error. An unknown name may be a part of a password that was
// not percent-encoded, so only names of the usual form are shown.
func (p *parser) optionPart(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return r != '_' && (r < 'a' || r > 'z') }) {
		return "options"
	}
	return "option " + name
}

func (p *parser) parseOption(name, value string) error {
	o := &p.options
	switch name {
	case "db":
		return p.parseDB("option db", value)
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
	case strings.HasPrefix(name, "tls_") || name == "skip_verify":
		return p.fault("option "+name, "is only for TLS: rediss://, rediss-sentinel:// or rediss-cluster://")
	default:
		return p.fault(p.optionPart(name), "is unknown")
	}
	return nil
}

func (p *parser) parseClientName(value string) error {
	if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return p.fault("option client_name", "must be printable ASCII without spaces")
	}
	p.options.ClientName = value
	return nil
}

func (p *parser) parsePoolSize(value string) error {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > maxPoolSize {
		return p.fault("option pool_size", fmt.Sprintf("%q must be a number from 1 to %d", value, maxPoolSize))
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
		return p.fault("option "+name, fmt.Sprintf("%q must be a positive duration such as 3s or 500ms", value))
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
		return p.fault("option skip_verify", fmt.Sprintf("%q must be true or false", value))
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
			return p.unreadable(ctx, "option tls_ca", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return p.fault("option tls_ca", files.ca+" contains no PEM certificate")
		}
	}
	if (files.cert == "") != (files.key == "") {
		return p.fault("options tls_cert and tls_key", "must be given together")
	}
	if files.cert != "" {
		pair, err := until.Do(ctx, func() (tls.Certificate, error) { return tls.LoadX509KeyPair(files.cert, files.key) })
		if err != nil {
			return p.unreadable(ctx, "options tls_cert and tls_key", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	p.options.TLS = config
	return nil
}

// unreadable is the fault of files that cannot be read, or ctx's end.
func (p *parser) unreadable(ctx context.Context, part string, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("redis URL: %s: %w", part, err)
	}
	return p.fault(part, err.Error())
}
