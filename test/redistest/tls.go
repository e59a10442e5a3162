package redistest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"havip/test/freeport"
)

// Authority signs certificates.
type Authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	file        string
}

// NewAuthority returns an authority that nobody knows.
func NewAuthority(tb testing.TB) *Authority {
	tb.Helper()
	a := &Authority{certificate: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority " + rand.Text()}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}}
	a.file, _ = a.issue(tb, a.certificate)
	return a
}

// File returns the path of its certificate, which verifies those that it signed.
func (a *Authority) File() string { return a.file }

// Issue returns the paths of a certificate for 127.0.0.1, as a server's and as a client's, and of its key. Change may be nil.
func (a *Authority) Issue(tb testing.TB, change func(*x509.Certificate)) (cert, key string) {
	tb.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "127.0.0.1"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	if change != nil {
		change(template)
	}
	return a.issue(tb, template)
}

// issue writes the certificate and its key; the authority's own comes first and gives it its key.
func (a *Authority) issue(tb testing.TB, template *x509.Certificate) (cert, key string) {
	tb.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	if a.key == nil {
		a.key = private
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &private.PublicKey, a.key)
	if err != nil {
		tb.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		tb.Fatal(err)
	}
	dir := tb.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "EC PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return cert, key
}

// StartTLS is [Start] for a server that has TLS as well, with a certificate of the authority. If it verifies clients, each needs one
// of the authority's. It returns the host:port of TLS; [Server.Addr] is without.
func StartTLS(tb testing.TB, a *Authority, cert, key string, verifyClients bool, options ...Option) (s *Server, addr string) {
	tb.Helper()
	addr = freeport.Reserve(tb)
	_, port, _ := net.SplitHostPort(addr) // it is one of ours
	verify := "no"
	if verifyClients {
		verify = "yes"
	}
	options = append(options, Lines("tls-port "+port, "tls-cert-file "+cert, "tls-key-file "+key, "tls-ca-cert-file "+a.file, "tls-auth-clients "+verify))
	return Start(tb, options...), addr
}
