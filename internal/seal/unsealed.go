package seal

import (
	"errors"
	"io"

	"github.com/tink-crypto/tink-go/v2/tink"

	"sigill/internal/seal/internal/permit"
)

// Unsealed returns a ring in memory whose payload and column keys change nothing:
// what they write is in clear. A search for leaks runs against it once to prove
// that it finds what there is to find. Only sealtest can name the pass.
func Unsealed(permit.Unsealed) (*Keyring, error) {
	r, err := newRing()
	if err != nil {
		return nil, err
	}
	return newKeyring("", r, unsealing{}), nil
}

// UnsealedEphemeral is the spool key that belongs to [Unsealed].
func UnsealedEphemeral(permit.Unsealed) (*Ephemeral, error) { return newEphemeral(unsealing{}) }

// unsealing is the primitives that change nothing.
type unsealing struct{}

func (unsealing) stream([]byte, int) (tink.StreamingAEAD, error) { return clearStream{}, nil }
func (unsealing) box([]byte) (tink.AEAD, error)                  { return clearBox{}, nil }

type clearStream struct{}

func (clearStream) NewEncryptingWriter(w io.Writer, _ []byte) (io.WriteCloser, error) {
	return &clearWriter{w}, nil
}

func (clearStream) NewDecryptingReader(r io.Reader, _ []byte) (io.Reader, error) { return r, nil }

type clearWriter struct{ io.Writer }

func (*clearWriter) Close() error { return nil }

// clearBox puts 40 bytes in front, as many as a real box is longer, so that sizes
// in the store are the same with and without sealing.
type clearBox struct{}

const boxOverhead = 24 + 16

func (clearBox) Encrypt(plain, _ []byte) ([]byte, error) {
	return append(make([]byte, boxOverhead, boxOverhead+len(plain)), plain...), nil
}

func (clearBox) Decrypt(box, _ []byte) ([]byte, error) {
	if len(box) < boxOverhead {
		return nil, errors.New("box too short")
	}
	return append([]byte{}, box[boxOverhead:]...), nil
}
