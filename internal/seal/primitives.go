package seal

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"

	aeadsubtle "github.com/tink-crypto/tink-go/v2/aead/subtle"
	streamsubtle "github.com/tink-crypto/tink-go/v2/streamingaead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// keySize is the size in bytes of every key and secret of this package.
const keySize = 32

// primitives makes ciphers from keys. There are two: the real ones, and the ones of
// [Unsealed], which change nothing.
type primitives interface {
	stream(key []byte, segment int) (tink.StreamingAEAD, error)
	box(key []byte) (tink.AEAD, error)
}

// sealing is the real primitives.
type sealing struct{}

func (sealing) stream(key []byte, segment int) (tink.StreamingAEAD, error) {
	return streamsubtle.NewAESGCMHKDF(key, "SHA256", keySize, segment, 0)
}

func (sealing) box(key []byte) (tink.AEAD, error) {
	return aeadsubtle.NewXChaCha20Poly1305(key)
}

// randomKey returns fresh key bytes. crypto/rand never fails since Go 1.24: without
// entropy the process ends.
func randomKey() []byte {
	key := make([]byte, keySize)
	_, _ = rand.Read(key)
	return key
}

// bind encodes parts without ambiguity: each is preceded by its length as eight
// big-endian bytes. The label comes first and tells what the parts are used for.
func bind[T ~string | ~[]byte](label string, parts ...T) []byte {
	size := 8 + len(label)
	for _, p := range parts {
		size += 8 + len(p)
	}
	out := make([]byte, 0, size)
	out = binary.BigEndian.AppendUint64(out, uint64(len(label)))
	out = append(out, label...)
	for _, p := range parts {
		out = binary.BigEndian.AppendUint64(out, uint64(len(p)))
		out = append(out, p...)
	}
	return out
}

// Wrapped is a key sealed by the ring, as the store keeps it in a row of its own.
// Deleting the row deletes what the key has sealed.
type Wrapped struct {
	// KeyID names the version of the ring that wrapped the key (see [Keyring.KeyIDs]).
	KeyID string
	// Blob is the box: a 24-byte nonce, the ciphertext and a 16-byte tag.
	Blob []byte
}

// wrap seals inner under kek.
func wrap(kek tink.AEAD, keyID string, inner, ad []byte) (Wrapped, error) {
	blob, err := kek.Encrypt(inner, ad)
	if err != nil {
		return Wrapped{}, fmt.Errorf("wrap key under %s: %w", keyID, err)
	}
	return Wrapped{KeyID: keyID, Blob: blob}, nil
}

// unwrap opens blob under kek and checks that the inside is as long as it must be.
func unwrap(kek tink.AEAD, w Wrapped, ad []byte, size int) ([]byte, error) {
	inner, err := kek.Decrypt(w.Blob, ad)
	if err != nil || len(inner) != size {
		return nil, fmt.Errorf("unwrap key under %s: %w", w.KeyID, ErrDamaged)
	}
	return inner, nil
}
