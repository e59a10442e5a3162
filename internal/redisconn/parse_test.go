package redisconn

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// plain is Options as the table writes it: passwords readable, TLS a fact.
type plain struct {
	Mode                      Mode
	Network                   string
	Addrs                     []string
	Master, User, Pass        string
	SentinelUser, SentinelPw  string
	DB, Pool                  int
	TLS                       bool
	Name                      string
	DialTimeout, Read, Writes time.Duration
}

func flatten(o Options) plain {
	return plain{
		Mode: o.Mode, Network: o.Network, Addrs: o.Addrs, Master: o.Master, User: o.Username, Pass: o.Password(),
		SentinelUser: o.SentinelUsername, SentinelPw: o.SentinelPassword(), DB: o.DB, Pool: o.PoolSize,
		TLS: o.TLS != nil, Name: o.ClientName, DialTimeout: o.DialTimeout, Read: o.ReadTimeout, Writes: o.WriteTimeout,
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]plain{
		"redis://":                     {},
		"redis://localhost":            {Addrs: []string{"localhost:6379"}},
		"redis://10.0.0.1:7000/3":      {Addrs: []string{"10.0.0.1:7000"}, DB: 3},
		"REDIS://h/":                   {Addrs: []string{"h:6379"}},
		"redis://h?db=4":               {Addrs: []string{"h:6379"}, DB: 4},
		"redis://:pw@h":                {Addrs: []string{"h:6379"}, Pass: "pw"},
		"redis://u:p%40%2F%3F%23%3A@h": {Addrs: []string{"h:6379"}, User: "u", Pass: "p@/?#:"},
		"redis://u:a:b@c@h":            {Addrs: []string{"h:6379"}, User: "u", Pass: "a:b@c"},
		"redis://u@h":                  {Addrs: []string{"h:6379"}, User: "u"},
		"redis://[::1]:7000/1":         {Addrs: []string{"[::1]:7000"}, DB: 1},
		"redis://[::1]":                {Addrs: []string{"[::1]:6379"}},
		"redis://h?pool_size=40&client_name=w1&dial_timeout=2&read_timeout=500ms&write_timeout=1m": {
			Addrs: []string{"h:6379"}, Pool: 40, Name: "w1", DialTimeout: 2 * time.Second, Read: 500 * time.Millisecond, Writes: time.Minute,
		},
		"rediss://h":                      {Addrs: []string{"h:6379"}, TLS: true},
		"rediss://h?skip_verify=true":     {Addrs: []string{"h:6379"}, TLS: true},
		"unix:///run/redis.sock":          {Network: "unix", Addrs: []string{"/run/redis.sock"}},
		"unix://u:p@/run/a%3Fb.sock?db=2": {Network: "unix", Addrs: []string{"/run/a?b.sock"}, User: "u", Pass: "p", DB: 2},
		"unix:///run/u@h/redis.sock":      {Network: "unix", Addrs: []string{"/run/u@h/redis.sock"}},
		"redis-sentinel://u:p@a,b:7000/2?master=m&sentinel_user=su&sentinel_password=sp": {
			Mode: Sentinel, Addrs: []string{"a:26379", "b:7000"}, DB: 2, Master: "m", User: "u", Pass: "p", SentinelUser: "su", SentinelPw: "sp",
		},
		"rediss-sentinel://a?master=m": {Mode: Sentinel, Addrs: []string{"a:26379"}, Master: "m", TLS: true},
		"redis-cluster://a,b:7000,[::2]:7001": {
			Mode: Cluster, Addrs: []string{"a:6379", "b:7000", "[::2]:7001"},
		},
		"redis-cluster://a/0": {Mode: Cluster, Addrs: []string{"a:6379"}},
		"rediss-cluster://a":  {Mode: Cluster, Addrs: []string{"a:6379"}, TLS: true},
	} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			got, err := Parse(t.Context(), url)
			if want.Addrs == nil {
				if err == nil {
					t.Fatalf("no error for a URL without a host")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defaulted := want
			fill(&defaulted)
			if diff := cmp.Diff(defaulted, flatten(got)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func fill(p *plain) {
	if p.Mode == "" {
		p.Mode = Single
	}
	if p.Network == "" {
		p.Network = "tcp"
	}
	for _, timeout := range []*time.Duration{&p.DialTimeout, &p.Read, &p.Writes} {
		if *timeout == 0 {
			*timeout = 5 * time.Second
		}
	}
}

// An error is a sentence, and its example is right.
func TestParse_errors(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"":                                  `it must begin with redis://, rediss://, unix://, redis-sentinel:// or redis-cluster://; example: redis://`,
		"localhost:6379":                    `it must begin with redis://, rediss://, unix://, redis-sentinel:// or redis-cluster://; example`,
		"http://h":                          `, not with "http://"; example`,
		"redis://h/x":                       `the database must be a number, 0 or more, not "x"`,
		"redis://h/-1":                      `the database must be a number, 0 or more, not "-1"`,
		"redis://h/0/1":                     `the database must be a number, 0 or more, not "0/1"`,
		"redis://h?db=x":                    `the option db must be a number, 0 or more, not "x"; example: redis://user:password@127.0.0.1:6379/0?db=0`,
		"redis://h:x":                       `the port must be a number from 1 to 65535, not "x"`,
		"redis://h:0":                       `the port must be a number from 1 to 65535, not "0"`,
		"redis://h:70000":                   `the port must be a number from 1 to 65535, not "70000"`,
		"redis://:6379":                     `redis URL: the host is missing; example: redis://user:password@127.0.0.1:6379/0`,
		"redis://::1:6379":                  `put an IPv6 address in brackets`,
		"redis://h h":                       `the host "h h" is not host:port`,
		"redis://a,b":                       `redis:// and rediss:// take one host; for several, write redis-sentinel:// or redis-cluster://`,
		"redis://u:%zz@h":                   `in user and password, % must be followed by two hexadecimal digits`,
		"redis://u:pa/ss@h":                 `the characters / ? # and @ in user and password must be percent-encoded`,
		"redis://u:pa?ss@h":                 `the characters / ? # and @ in user and password must be percent-encoded`,
		"redis://h?poolsize=3":              `the option poolsize is unknown`,
		"redis://h?pool_size=0":             `the option pool_size must be a number from 1 to 100000, not "0"; example: redis://user:password@127.0.0.1:6379/0?pool_size=20`,
		"redis://h?db=1&db=2":               `the option db is given more than once`,
		"redis://h?A-B=1":                   `one of the options is unknown`,
		"redis://h?read_timeout=0":          `the option read_timeout must be a positive duration such as 3s or 500ms, not "0"`,
		"redis://h?client_name=a b":         `the option client_name must be printable ASCII`,
		"redis://h?a;b":                     `the options must be name=value`,
		"redis://h?skip_verify=1":           `the option skip_verify is only for TLS: rediss://, rediss-sentinel:// or rediss-cluster://; example: rediss://user:password@redis.example.com:6379/0?skip_verify=true`,
		"redis://h?tls_ca=x":                `the option tls_ca is only for TLS`,
		"redis://h?master=m":                `the option master is only for sentinels: redis-sentinel:// or rediss-sentinel://; example: redis-sentinel://`,
		"rediss://h?skip_verify=x":          `the option skip_verify must be true or false, not "x"`,
		"rediss://h?tls_ca=/none":           `the option tls_ca cannot be used: open /none: no such file or directory`,
		"rediss://h?tls_cert=/x":            `the option tls_cert must be given together with tls_key`,
		"rediss://h?tls_cert=/x&tls_key=/y": `the option tls_cert cannot be used: open /x`,
		"unix://":                           `the path must name a Unix socket`,
		"unix://run/x.sock":                 `the path of the socket must be absolute: unix: and three slashes`,
		"unix:///run/x.sock?db=x":           `example: unix:///run/redis/redis.sock?db=0`,
		"redis-sentinel://a":                `the option master is missing; it is the sentinels' name for the master; example: redis-sentinel://10.0.0.1:26379,10.0.0.2:26379/0?master=mymaster`,
		"redis-sentinel://a?pool_size=x":    `0?pool_size=20&master=mymaster`,
		"redis-cluster://a/1":               `the database must be 0 or left out, not 1`,
	} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			_, err := Parse(t.Context(), url)
			var fault *URLError
			if !errors.As(err, &fault) || !strings.Contains(err.Error(), want) {
				t.Fatalf("error %v\nwant  %s", err, want)
			}
			if _, err := ParsePlace(fault.Example); err != nil {
				t.Errorf("the example %s is wrong: %v", fault.Example, err)
			}
		})
	}
}

func TestParse_tlsVersion(t *testing.T) {
	t.Parallel()
	o, err := Parse(t.Context(), "rediss://h?tls_server_name=name")
	if err != nil {
		t.Fatal(err)
	}
	if o.TLS.MinVersion != tls.VersionTLS12 || o.TLS.InsecureSkipVerify || o.TLS.ServerName != "name" {
		t.Errorf("TLS = %+v", o.TLS)
	}
}

// secrets are passwords as people write them into URLs, right and wrong.
var secrets = []string{"hunter2", "hun/ter2", "hun?ter2", "hun#ter2", "hun@ter2", "hun:ter2", "hun%ter2", "hun%2Fter2", "hun&ter=2", "hun@0/ter2", "hun@0?ter2", "hun ter2"}

func TestSecretsDoNotPrint(t *testing.T) {
	t.Parallel()
	for _, secret := range secrets {
		for _, url := range []string{
			"redis://user:" + secret + "@h:6379/0", "redis://:" + secret + "@h", "redis://" + secret + "@h/x",
			"redis://:" + secret + "@h/wrong", "redis://:" + secret + "@h:port", "nonsense://:" + secret + "@h",
			":" + secret + "@h", "redis-cluster://:" + secret + "@a,b:x", "redis:://:" + secret + "@h",
		} {
			if strings.HasPrefix(url, "redis://"+secret) && strings.Contains(secret, ":") {
				continue // that is a user and a password
			}
			options, err := Parse(t.Context(), url)
			wrapped := struct{ inner Options }{options}
			said := Redacted(url)
			if err != nil {
				said += err.Error()
			} else if options.Username != secret {
				// A lone word before @ is a user's name, which may be shown.
				said += fmt.Sprintf("%v %+v %#v %v %+v %#v", options, options, options, wrapped, wrapped, wrapped)
			}
			for _, piece := range []string{secret, "hun", "ter2"} {
				if strings.Contains(said, piece) {
					t.Errorf("%s: %q shows in: %s", url, piece, said)
				}
			}
		}
	}
}

func TestRedacted(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"redis://h:6379/0":                     "redis://h:6379/0",
		"redis://user:pw@h:6379/0?pool_size=3": "redis://user:xxxxx@h:6379/0?pool_size=3",
		"redis://:pw@h":                        "redis://:xxxxx@h",
		"redis://pw@h":                         "redis://:xxxxx@h",
		"redis://u:p/w@h":                      "redis://u:xxxxx@h",
		"redis-sentinel://a?master=m&sentinel_password=s%20": "redis-sentinel://a?master=m&sentinel_password=xxxxx",
		"redis-sentinel://a?sentinel_password=s&master=m":    "redis-sentinel://a?sentinel_password=xxxxx&master=m",
		"user:pw@h": "user:xxxxx@h",
	} {
		if got := Redacted(url); got != want {
			t.Errorf("Redacted(%q) = %q, want %q", url, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, url := range []string{"redis://u:p@h:1/2?db=3", "redis-sentinel://a,b?master=m", "unix:///x", "rediss://[::1]", "redis://%", "redis://[", "redis://]:1"} {
		f.Add(url)
	}
	f.Fuzz(func(t *testing.T, url string) {
		options, err := Parse(t.Context(), url)
		if err != nil {
			var fault *URLError
			if !errors.As(err, &fault) || fault.Part == "" || fault.Reason == "" {
				t.Fatalf("%q: error without a part or reason: %v", url, err)
			}
			return
		}
		if len(options.Addrs) == 0 || options.DB < 0 || options.ReadTimeout <= 0 {
			t.Fatalf("%q: accepted as %+v", url, options)
		}
		if err := New(options).Close(); err != nil {
			t.Fatalf("%q: client: %v", url, err)
		}
	})
}

func FuzzRedacted(f *testing.F) {
	for _, secret := range secrets {
		f.Add(secret)
	}
	f.Fuzz(func(t *testing.T, secret string) {
		const mark = "S3CR"
		url := "redis://user:" + mark + secret + mark + "@host:6379/0"
		if got := Redacted(url); strings.Contains(got, mark) {
			t.Fatalf("Redacted(%q) = %q", url, got)
		}
		if _, err := Parse(t.Context(), url); err != nil && strings.Contains(err.Error(), mark) {
			t.Fatalf("Parse(%q): %v", url, err)
		}
	})
}

func TestHasPassword(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]bool{
		"redis://u:p@h:6379/0":  true,
		"redis://:p@h":          true,
		"redis://u:a@b/c?d@h":   true,
		"rediss://h?password=p": true,
		"redis-sentinel://h:1/0?master=m&sentinel_user=u&sentinel_password=p": true,
		"redis://u@h":            false,
		"redis://u:@h":           false,
		"redis://h:6379/0":       false,
		"unix:///run/redis.sock": false,
		"":                       false,
	} {
		if got := HasPassword(url); got != want {
			t.Errorf("%s: %t, want %t", url, got, want)
		}
	}
}
