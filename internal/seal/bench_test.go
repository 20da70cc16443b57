package seal_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"sigill/internal/seal/sealtest"
)

var benchSizes = []int{4 << 10, 50 << 10, 10 << 20}

// BenchmarkSeal is what a stored message costs: a new key, its wrap, the body.
func BenchmarkSeal(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			k := sealtest.Keyring(b)
			body := make([]byte, size)
			var out bytes.Buffer
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				out.Reset()
				p, _, err := k.NewPayloadKey("org", "message", int64(size))
				if err != nil {
					b.Fatal(err)
				}
				if err := sealInto(&out, p, body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkOpen unwraps a key and reads a body.
func BenchmarkOpen(b *testing.B) {
	for _, size := range benchSizes {
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			k := sealtest.Keyring(b)
			p, w, err := k.NewPayloadKey("org", "message", int64(size))
			if err != nil {
				b.Fatal(err)
			}
			var sealed bytes.Buffer
			if err := sealInto(&sealed, p, make([]byte, size)); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				p, err := k.Unwrap("org", "message", w)
				if err != nil {
					b.Fatal(err)
				}
				r, err := p.NewReader(bytes.NewReader(sealed.Bytes()))
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, r); err != nil || n != int64(size) {
					b.Fatal(n, err)
				}
			}
		})
	}
}

func BenchmarkColumn(b *testing.B) {
	c, _, err := sealtest.Keyring(b).NewColumnKey("org", "2026-11")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		sealed, err := c.Seal([]byte("someone@recipient.example"), "recipients/address/1")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := c.Open(sealed, "recipients/address/1"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkHash(b *testing.B) {
	k := sealtest.Keyring(b)
	b.ReportAllocs()
	for b.Loop() {
		k.Hash("address", "someone@recipient.example")
	}
}
