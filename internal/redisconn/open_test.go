package redisconn

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"

	"havip/test/freeport"
	"havip/test/redistest"
)

func TestOpen(t *testing.T) {
	t.Parallel()
	secured := redistest.Start(t, redistest.Lines("requirepass p@ss/word", "user worker on >w0rk ~* &* +@all"))
	plain := redistest.Start(t, redistest.Lines("unixsocket redis.sock"))
	for name, url := range map[string]string{
		"plain":           plain.URL(),
		"Unix socket":     "unix://" + filepath.Join(plain.Dir(), "redis.sock"),
		"password":        "redis://:p%40ss%2Fword@" + secured.Addr(),
		"user":            "redis://worker:w0rk@" + secured.Addr() + "/2",
		"sized and named": plain.URL() + "?pool_size=3&client_name=me",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := connect(t, url)
			if err := client.Set(t.Context(), name, "v", 0).Err(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A connection sends only HELLO: no identity, no maintenance notifications. A
// server without these commands would count errors.
func TestOpen_isQuiet(t *testing.T) {
	t.Parallel()
	client := connect(t, redistest.Start(t).URL())
	stats, err := client.InfoMap(t.Context(), "commandstats", "errorstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	commands := slices.Sorted(maps.Keys(stats["Commandstats"]))
	if diff := cmp.Diff([]string{"cmdstat_hello", "cmdstat_ping"}, commands); diff != "" {
		t.Errorf("commands of one connection (-want +got)\n%s", diff)
	}
	if failed := stats["Errorstats"]; len(failed) != 0 {
		t.Errorf("errors of one connection: %v", failed)
	}
}

func TestPoolSize(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]int{"redis://h": 17, "redis://h?pool_size=5": 5} {
		options, err := Parse(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		client := New(options, PoolSize(17)).(*redis.Client)
		if got := client.Options().PoolSize; got != want {
			t.Errorf("%s: pool of %d, want %d", url, got, want)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
}

// Context deadlines apply, in particular to a server that hangs. No other limit ends this
// ping while the test runs.
func TestOpen_deadline(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := connect(t, server.URL()+"?read_timeout=1h")
	server.Stop()
	defer server.Resume()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	answer := make(chan error, 1)
	go func() { answer <- client.Ping(ctx).Err() }()
	if err := await(t, "the deadline", answer); err == nil {
		t.Error("a stopped server answered")
	}
}

func TestOpen_errors(t *testing.T) {
	t.Parallel()
	secured := redistest.Start(t, redistest.Lines("requirepass right", "user reader on >right ~* -@all"))
	plain := redistest.Start(t)
	gone := redistest.Start(t)
	gone.Kill()
	stopped := redistest.Start(t)
	stopped.Stop()
	for name, tt := range map[string]struct {
		url, want string
		is        error
	}{
		"nobody there":   {gone.URL(), "redis " + gone.Addr() + ": connection refused; start Redis with", nil},
		"no socket":      {"unix:///nowhere/redis.sock", "redis /nowhere/redis.sock: the socket does not exist; start Redis with", os.ErrNotExist},
		"no password":    {secured.URL(), "NOAUTH Authentication required; put the right user and password into the URL", nil},
		"wrong password": {"redis://:hunter2@" + secured.Addr(), "WRONGPASS invalid username-password pair or user is disabled", nil},
		"wrong user":     {"redis://nobody:hunter2@" + secured.Addr(), "WRONGPASS invalid username-password pair or user is disabled", nil},
		"no permission":  {"redis://reader:right@" + secured.Addr(), "NOPERM", nil},
		"TLS to plain":   {"rediss://" + plain.Addr() + "?dial_timeout=300ms", plain.Addr() + ": the server does not speak TLS; write redis:// instead of rediss://", nil},
		"no such host":   {"redis://no-such-host.invalid", "host no-such-host.invalid cannot be resolved; check the address", nil},
		"no answer":      {stopped.URL() + "?read_timeout=50ms", "no answer in time; the server hangs", nil},
		"no sentinel":    {"redis-sentinel://" + gone.Addr() + "?master=m", "redis master m of sentinels " + gone.Addr() + ": no sentinel answers (connection refused); check the address", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, err := Open(t.Context(), redistest.Patient(tt.url))
			if client != nil {
				t.Fatal("a client, although it cannot be reached")
			}
			var failed *ConnError
			if !errors.As(err, &failed) || !strings.Contains(err.Error(), tt.want) || (tt.is != nil && !errors.Is(err, tt.is)) {
				t.Errorf("error %v\nwant  %s", err, tt.want)
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "right@") {
				t.Errorf("the password shows in %v", err)
			}
		})
	}
}

// certificate writes a self-signed certificate for 127.0.0.1 and its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "EC PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

func TestOpen_tls(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t)
	secured := freeport.Reserve(t)
	_, port, _ := net.SplitHostPort(secured) // it is one of ours
	redistest.Start(t, redistest.Lines("tls-port "+port, "tls-cert-file "+cert, "tls-key-file "+key, "tls-ca-cert-file "+cert))
	addr := "rediss://" + secured
	// The server asks for the client's certificate as well.
	mutual := "tls_cert=" + cert + "&tls_key=" + key
	connect(t, addr+"?tls_ca="+cert+"&"+mutual)
	connect(t, addr+"?skip_verify=true&"+mutual)

	for name, tt := range map[string]struct{ url, want string }{
		"unknown authority": {addr + "?" + mutual, "give the certificate authority's file with tls_ca=FILE"},
		"other name":        {addr + "?tls_server_name=redis.example.com&tls_ca=" + cert + "&" + mutual, "tls_server_name=HOST"},
		"no certificate":    {addr + "?tls_ca=" + cert, "give it with tls_cert=FILE and tls_key=FILE"},
		"plain to TLS":      {"redis://" + secured, "the server speaks TLS; write rediss:// instead of redis://"},
	} {
		// The client may notice the closed connection before it reads the reason.
		redistest.Poll(t, name, func(ctx context.Context) error {
			_, err := Open(ctx, redistest.Patient(tt.url))
			if err == nil {
				t.Fatalf("%s: opened; want %s", name, tt.want)
			}
			if strings.Contains(err.Error(), tt.want) {
				return nil
			}
			return fmt.Errorf("%w\nwant %s", err, tt.want)
		})
	}
}
