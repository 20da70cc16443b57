package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"errors"
	"log/slog"
)

// Secret is the value of a link or of a session cookie: 160 random bits as 32
// lower-case letters and digits. It never prints itself in a log.
type Secret string

var secretEncoding = base32.NewEncoding("abcdefghjkmnpqrstuvwxyz023456789").WithPadding(base32.NoPadding)

const secretBytes = 20

// ErrSecret is returned for a token that does not have the form of one.
var ErrSecret = errors.New("not a token")

// NewSecret makes a fresh secret.
func NewSecret() Secret {
	var b [secretBytes]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	return Secret(secretEncoding.EncodeToString(b[:]))
}

// ParseSecret checks the form of a secret that came from outside.
func ParseSecret(s string) (Secret, error) {
	if b, err := secretEncoding.DecodeString(s); err != nil || len(b) != secretBytes {
		return "", ErrSecret
	}
	return Secret(s), nil
}

// Hash is what the store keeps of a secret: the first 20 octets of its SHA-256. The
// secret has 160 random bits, so that no salt is needed (ASVS 5.0 6.5.2).
func (s Secret) Hash() []byte {
	sum := sha256.Sum256([]byte("sigill secret\x00" + s))
	return sum[:20]
}

// Matches compares the secret with a stored hash in constant time.
func (s Secret) Matches(hash []byte) bool {
	return subtle.ConstantTimeCompare(s.Hash(), hash) == 1
}

// LogValue keeps secrets out of logs.
func (Secret) LogValue() slog.Value { return slog.StringValue("[secret]") }
