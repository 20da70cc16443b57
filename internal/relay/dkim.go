package relay

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
)

// DKIMKey is a key under which our own mail is signed (RFC 6376).
type DKIMKey struct {
	Domain   string // d=
	Selector string // s=
	PEM      []byte // PKCS #8 or PKCS #1; RSA of 2048 bits or more, or Ed25519 (RFC 8463)
}

// Signer signs our own mail with every one of its keys.
type Signer struct{ options []dkim.SignOptions }

// NewSigner reads the keys. No error repeats any of them.
func NewSigner(keys ...DKIMKey) (*Signer, error) {
	s := &Signer{}
	for _, k := range keys {
		if k.Domain == "" || k.Selector == "" {
			return nil, errors.New("dkim: a key needs a domain and a selector")
		}
		key, err := parseKey(k.PEM)
		if err != nil {
			return nil, fmt.Errorf("dkim key %s of %s: %w", k.Selector, k.Domain, err)
		}
		s.options = append(s.options, dkim.SignOptions{
			Domain: k.Domain, Selector: k.Selector, Signer: key,
			HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
		})
	}
	return s, nil
}

func parseKey(b []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(b)
	if block == nil {
		return nil, errors.New("not a PEM file")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if block.Type == "RSA PRIVATE KEY" {
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	if err != nil {
		return nil, errors.New("not a private key")
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < 2048 {
			return nil, errors.New("an RSA key needs 2048 bits or more")
		}
		return k, nil
	case ed25519.PrivateKey:
		return k, nil
	}
	return nil, fmt.Errorf("want RSA or Ed25519, have %T", key)
}

// signedFields are signed, and once more than they occur, so that none can be added to a
// signed mail (RFC 6376 8.15). Fields that others put in front on the way are not among them.
var signedFields = []string{
	"From", "Reply-To", "Subject", "Date", "To", "Cc", "Message-ID", "In-Reply-To", "References",
	"MIME-Version", "Content-Type", "Content-Transfer-Encoding", "Auto-Submitted",
}

// Sign returns a mail with a signature of each key in front. The mail is in its wire form
// and must not change any more.
func (s *Signer) Sign(raw []byte) ([]byte, error) {
	fields := fieldNames(raw)
	var front []byte
	for i := range s.options {
		o := s.options[i]
		o.HeaderKeys = headerKeys(fields)
		sig, err := sign(raw, &o)
		if err != nil {
			return nil, fmt.Errorf("dkim sign for %s: %w", o.Domain, err)
		}
		front = append(front, sig...)
	}
	return append(front, raw...), nil
}

func sign(raw []byte, o *dkim.SignOptions) (string, error) {
	w, err := dkim.NewSigner(o)
	if err != nil {
		return "", err
	}
	_, err = w.Write(raw)
	if err = errors.Join(err, w.Close()); err != nil {
		return "", err
	}
	return w.Signature(), nil
}

func headerKeys(present []string) []string {
	var keys []string
	for _, f := range signedFields {
		keys = append(keys, f)
		for _, p := range present {
			if strings.EqualFold(p, f) {
				keys = append(keys, f)
			}
		}
	}
	return slices.Clip(keys)
}

// fieldNames lists the names of a header's fields as often as they occur.
func fieldNames(raw []byte) []string {
	var names []string
	for line := range bytes.Lines(raw) {
		if len(trimEnd(line)) == 0 {
			break
		}
		if name, _, ok := bytes.Cut(line, []byte(":")); ok && line[0] != ' ' && line[0] != '\t' {
			names = append(names, string(bytes.TrimSpace(name)))
		}
	}
	return names
}
