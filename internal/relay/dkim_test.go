package relay

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

func pkcs8(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

func TestSignBothKeys(t *testing.T) {
	t.Parallel()
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	pub, e, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs1 := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(r)})
	s, err := NewSigner(DKIMKey{"x.test", "r1", pkcs1}, DKIMKey{"x.test", "e1", pkcs8(t, e)})
	if err != nil {
		t.Fatal(err)
	}
	rder, err := x509.MarshalPKIXPublicKey(&r.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	lookup := func(name string) ([]string, error) {
		switch name {
		case "r1._domainkey.x.test":
			return []string{"v=DKIM1; p=" + base64.StdEncoding.EncodeToString(rder)}, nil
		case "e1._domainkey.x.test":
			return []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(pub)}, nil
		}
		return nil, errors.New("no such record")
	}
	verify := func(mail []byte) (good int) {
		all, err := dkim.VerifyWithOptions(bytes.NewReader(mail), &dkim.VerifyOptions{LookupTXT: lookup})
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range all {
			if v.Err == nil {
				good++
			}
		}
		return good
	}
	raw := []byte("From: a@x.test\r\nTo: b@y.test\r\nSubject: a long\r\n subject\r\nDate: Mon, 2 Mar 2026 12:00:00 +0000\r\n\r\n.dot\r\nbody\r\n")
	signed, err := s.Sign(raw)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasSuffix(signed, raw) {
		t.Error("the mail itself was changed")
	}
	if n := verify(signed); n != 2 {
		t.Fatalf("%d signatures hold", n)
	}
	if n := verify(append([]byte("Received: from y.test\r\n"), signed...)); n != 2 {
		t.Error("a Received field on the way breaks the signature")
	}
	// Over-signing: nothing can be put in front, changed or taken away.
	for name, forged := range map[string][]byte{
		"second From":    append([]byte("From: evil@x.test\r\n"), signed...),
		"second Subject": append([]byte("Subject: evil\r\n"), signed...),
		"added Reply-To": append([]byte("Reply-To: evil@x.test\r\n"), signed...),
		"added Cc":       append([]byte("cc: evil@x.test\r\n"), signed...),
		"other body":     bytes.Replace(signed, []byte("body\r\n"), []byte("bodx\r\n"), 1),
		"no To":          bytes.Replace(signed, []byte("To: b@y.test\r\n"), nil, 1),
	} {
		if n := verify(forged); n != 0 {
			t.Errorf("%s: %d signatures hold", name, n)
		}
	}
	for line := range strings.Lines(string(signed)) {
		if len(line) > 1000 { // RFC 5322 2.1.1
			t.Errorf("a line of %d octets", len(line))
		}
	}
}

func TestNewSignerRefuses(t *testing.T) {
	t.Parallel()
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	_, good, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]DKIMKey{
		"not PEM":     {"x.test", "s", []byte("hunter2")},
		"not a key":   {"x.test", "s", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("hunter2")})},
		"small RSA":   {"x.test", "s", pkcs8(t, small)},
		"no domain":   {"", "s", pkcs8(t, good)},
		"no selector": {"x.test", "", pkcs8(t, good)},
	} {
		if _, err := NewSigner(k); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	s, err := NewSigner(DKIMKey{"x.test", "s", pkcs8(t, good)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sign([]byte("no header at all")); err == nil {
		t.Error("a mail without a header was signed")
	}
}
