package neighbourtest

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
)

// Authority is a certificate authority of the test's own. SSL_CERT_FILE=CA makes
// a program written in Go trust it.
type Authority struct {
	CA        string // PEM file of the authority's certificate
	Cert, Key string // PEM files of a certificate for localhost and 127.0.0.1, and its key
	Both      string // PEM file of certificate and key together, as haproxy wants it
}

// NewAuthority makes one that is good for a day.
func NewAuthority(t testing.TB) Authority {
	t.Helper()
	dir := t.TempDir()
	sign := func(of, by *x509.Certificate, byKey *ecdsa.PrivateKey) ([]byte, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if by == nil {
			by, byKey = of, key
		}
		der, err := x509.CreateCertificate(rand.Reader, of, by, &key.PublicKey, byKey)
		if err != nil {
			t.Fatal(err)
		}
		return der, key
	}
	write := func(name string, blocks ...*pem.Block) string {
		var b []byte
		for _, block := range blocks {
			b = append(b, pem.EncodeToMemory(block)...)
		}
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	begin, end := time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Alta's neighbours"}, NotBefore: begin, NotAfter: end,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	caDER, caKey := sign(ca, nil, nil)
	der, key := sign(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: begin, NotAfter: end,
		DNSNames: []string{"localhost", "mail.alta.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, ca, caKey)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert, private := &pem.Block{Type: "CERTIFICATE", Bytes: der}, &pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}
	return Authority{
		CA:   write("ca.crt", &pem.Block{Type: "CERTIFICATE", Bytes: caDER}),
		Cert: write("server.crt", cert), Key: write("server.key", private), Both: write("server.pem", cert, private),
	}
}

// Pool holds the authority's certificate, for clients in the test itself.
func (a Authority) Pool() (*x509.CertPool, error) {
	b, err := os.ReadFile(a.CA)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(b)
	return pool, nil
}
