package app

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"sigill/internal/config"
)

// certificate is a pair of PEM files that can be read again while it is in use.
type certificate struct {
	files   config.TLS
	current atomic.Pointer[tls.Certificate]
}

func (c *certificate) load() error {
	pair, err := tls.LoadX509KeyPair(c.files.Cert, c.files.Key)
	if err != nil {
		return fmt.Errorf("load certificate: %w", err)
	}
	c.current.Store(&pair)
	return nil
}

func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.current.Load(), nil
}

// serverTLS makes the TLS side of a listener; nil when the file names no certificate.
func (a *App) serverTLS(files config.TLS) (*tls.Config, error) {
	if files.IsZero() {
		return nil, nil
	}
	c := &certificate{files: files}
	if err := c.load(); err != nil {
		return nil, err
	}
	a.certs = append(a.certs, c)
	return &tls.Config{GetCertificate: c.get, MinVersion: tls.VersionTLS12}, nil
}

// clientAuthorities are what client certificates must come from: those of the file,
// else the system's.
func clientAuthorities(file string) (*x509.CertPool, error) {
	if file == "" {
		return x509.SystemCertPool()
	}
	return certPool(file)
}

// certPool reads authorities from a PEM file; nil for the system's.
func certPool(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("read authorities: no certificate in " + file)
	}
	return pool, nil
}
