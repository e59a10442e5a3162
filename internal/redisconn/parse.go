package redisconn

import (
	"context"
	"fmt"
	"net/url"
	"strings"
)

// URLError reports an invalid part of a Redis URL. It contains no password.
type URLError struct {
	// Part is the invalid part, such as "database" or "option pool_size".
	Part string
	// Reason says what is wrong, as a sentence without a full stop.
	Reason string
	// Example is a URL with a valid part.
	Example string
}

func (e *URLError) Error() string {
	return fmt.Sprintf("redis URL: %s; example: %s", e.Reason, e.Example)
}

// Examples of the five forms, for errors and help.
const (
	exampleSingle   = "redis://user:password@127.0.0.1:6379/0"          //nolint:gosec // an example, not a credential
	exampleTLS      = "rediss://user:password@redis.example.com:6379/0" //nolint:gosec // an example, not a credential
	exampleUnix     = "unix:///run/redis/redis.sock?db=0"
	exampleSentinel = "redis-sentinel://10.0.0.1:26379,10.0.0.2:26379/0?master=mymaster"
	exampleCluster  = "redis-cluster://10.0.0.1:6379,10.0.0.2:6379"
)

// scheme is the meaning of a URL's scheme.
type scheme struct {
	mode    Mode
	tls     bool
	unix    bool
	port    string // the default port
	example string
}

var schemes = map[string]scheme{
	"redis":           {mode: Single, port: "6379", example: exampleSingle},
	"rediss":          {mode: Single, tls: true, port: "6379", example: exampleTLS},
	"unix":            {mode: Single, unix: true, example: exampleUnix},
	"redis-sentinel":  {mode: Sentinel, port: "26379", example: exampleSentinel},
	"rediss-sentinel": {mode: Sentinel, tls: true, port: "26379", example: exampleSentinel},
	"redis-cluster":   {mode: Cluster, port: "6379", example: exampleCluster},
	"rediss-cluster":  {mode: Cluster, tls: true, port: "6379", example: exampleCluster},
}

// Parse reads a Redis URL:
//
//	redis://[user[:password]@]host[:port][/db]
//	rediss://…                                         the same with TLS 1.2 or newer
//	unix://[user[:password]@]/path/to/socket[?db=N]
//	redis-sentinel://host[:port],host[:port][/db]?master=NAME
//	redis-cluster://host[:port],host[:port]
//
// rediss-sentinel:// and rediss-cluster:// are the last two with TLS. Special characters in user and
// password must be percent-encoded. Query options: db,
// client_name, pool_size, dial_timeout, read_timeout and write_timeout (such as 3s); for TLS
// tls_ca, tls_cert and tls_key (PEM files), tls_server_name and skip_verify; for sentinels
// master, sentinel_user and sentinel_password. An unknown option is an error, because it may be a
// misspelled one. Reading the TLS files ends with ctx.
func Parse(ctx context.Context, rawURL string) (Options, error) {
	p, err := parse(rawURL)
	if err == nil {
		err = p.setTLS(ctx)
	}
	if err != nil {
		return Options{}, err
	}
	return p.options, nil
}

// ParsePlace is [Parse] without the TLS files: where the Redis is, not how to connect.
func ParsePlace(rawURL string) (Options, error) {
	p, err := parse(rawURL)
	return p.options, err
}

// parse reads all of a URL but the files that it names.
func parse(rawURL string) (parser, error) {
	word, rest, found := strings.Cut(rawURL, "://")
	form, known := schemes[strings.ToLower(word)]
	if !found || !known {
		return parser{}, schemeError(word, found)
	}
	p := parser{form: form, options: Options{
		Mode: form.mode, Network: "tcp",
		DialTimeout: DefaultDialTimeout, ReadTimeout: DefaultReadTimeout, WriteTimeout: DefaultWriteTimeout,
	}}
	if err := p.parse(rest); err != nil {
		return parser{}, err
	}
	return p, nil
}

// schemeError shows the first word only if it must be a scheme: a URL without a scheme may begin with a
// password.
func schemeError(word string, found bool) error {
	reason := "it must begin with redis://, rediss://, unix://, redis-sentinel:// or redis-cluster://"
	if found && !strings.ContainsAny(word, "@:/") {
		reason += fmt.Sprintf(", not with %q", word+"://")
	}
	return &URLError{Part: "scheme", Reason: reason, Example: exampleSingle}
}

// parser reads one URL from left to right. It does not use net/url, which does not support a list of
// hosts and whose errors contain the whole URL with its password.
type parser struct {
	form    scheme
	options Options
	files   tlsFiles
}

func (p *parser) fault(part, reason string) error {
	return &URLError{Part: part, Reason: reason, Example: p.form.example}
}

func (p *parser) parse(rest string) error {
	rest, query, _ := strings.Cut(rest, "?")
	authority, path := rest, ""
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		authority, path = rest[:slash], rest[slash:]
	}
	if stray := path + query; strings.ContainsRune(stray, '@') && !p.form.unix {
		// Otherwise a password with an unescaped / or ? would be split, and its parts shown as a
		// host, a database or an option.
		return p.fault("user and password", "the characters / ? # and @ in user and password must be percent-encoded (%2F %3F %23 %40)")
	}
	at := strings.LastIndexByte(authority, '@')
	if at >= 0 {
		if err := p.parseUser(authority[:at]); err != nil {
			return err
		}
		authority = authority[at+1:]
	}
	parsePlace := p.parseHosts
	if p.form.unix {
		parsePlace = p.parseSocket
	}
	if err := parsePlace(authority, path); err != nil {
		return err
	}
	return p.parseQuery(query)
}

func (p *parser) parseUser(info string) error {
	user, password, hasPassword := strings.Cut(info, ":")
	user, userErr := url.PathUnescape(user)
	password, passwordErr := url.PathUnescape(password)
	if userErr != nil || passwordErr != nil {
		return p.fault("user and password", "in user and password, % must be followed by two hexadecimal digits; write a literal % as %25")
	}
	if strings.ContainsRune(user+password, 0) {
		return p.fault("user and password", "user and password must not contain a NUL byte")
	}
	p.options.Username = user
	if hasPassword {
		p.options.password = &password
	}
	return nil
}

func (p *parser) parseSocket(authority, path string) error {
	if authority != "" {
		return p.fault("path", "the path of the socket must be absolute: unix: and three slashes")
	}
	path, err := url.PathUnescape(path)
	if err != nil || path == "" || path == "/" {
		return p.fault("path", "the path must name a Unix socket")
	}
	p.options.Network, p.options.Addrs = "unix", []string{path}
	return nil
}
