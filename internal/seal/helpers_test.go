package seal_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"sigill/internal/seal"
)

// body returns size bytes that are the same in every run.
func body(size int) []byte {
	out := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(out)
	return out
}

func newPayload(tb testing.TB, k *seal.Keyring, size int64) (*seal.PayloadKey, seal.Wrapped) {
	tb.Helper()
	p, w, err := k.NewPayloadKey("org", "message", size)
	if err != nil {
		tb.Fatal(err)
	}
	return p, w
}

func sealed(tb testing.TB, p *seal.PayloadKey, plain []byte) []byte {
	tb.Helper()
	var out bytes.Buffer
	if err := sealInto(&out, p, plain); err != nil {
		tb.Fatal(err)
	}
	return out.Bytes()
}

// opener is what payload and spool keys have in common.
type opener interface {
	NewReader(r io.Reader) (io.Reader, error)
}

func open(o opener, sealed []byte) ([]byte, error) {
	r, err := o.NewReader(bytes.NewReader(sealed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func sealInto(w io.Writer, p *seal.PayloadKey, plain []byte) error {
	sealing, err := p.NewWriter(w)
	if err != nil {
		return err
	}
	if _, err := sealing.Write(plain); err != nil {
		return err
	}
	return sealing.Close()
}

// fixedRing loads testdata/ring.json, whose keys never change.
func fixedRing(tb testing.TB) *seal.Keyring {
	tb.Helper()
	data, err := os.ReadFile("testdata/ring.json")
	if err != nil {
		tb.Fatal(err)
	}
	k, err := seal.LoadKeyring(writeRing(tb, data))
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// writeRing puts data into a private file.
func writeRing(tb testing.TB, data []byte) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "ring")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}
