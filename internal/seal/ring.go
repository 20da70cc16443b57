package seal

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	aeadsubtle "github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// maxVersion is the highest version number: a hash carries it in one byte.
const maxVersion = 255

// ring is the content of a key ring. It is never changed once made: a rotation
// makes a new one, so that readers need no lock.
type ring struct {
	id       string
	check    []byte     // makes the check value; never rotated
	versions []*version // oldest first, at least one
}

// version is one generation of keys, all derived from one secret.
type version struct {
	id      string
	number  byte
	secret  []byte
	payload tink.AEAD
	column  tink.AEAD
	hash    []byte
	mac     []byte
}

// newRing makes a ring with its first version.
func newRing() (*ring, error) {
	first, err := newVersion(1, randomKey())
	if err != nil {
		return nil, err
	}
	return &ring{id: strings.ToLower(rand.Text()), check: randomKey(), versions: []*version{first}}, nil
}

// newVersion derives the keys of a version from its secret.
func newVersion(number byte, secret []byte) (*version, error) {
	v := &version{number: number, secret: secret}
	var keys [5][]byte
	for i, label := range []string{"payload", "column", "hash", "mac", "id"} {
		key, err := hkdf.Expand(sha256.New, secret, "sigill/ring/1/"+label, keySize)
		if err != nil {
			return nil, fmt.Errorf("derive %s key: %w", label, err)
		}
		keys[i] = key
	}
	var err error
	if v.payload, err = aeadsubtle.NewXChaCha20Poly1305(keys[0]); err != nil {
		return nil, fmt.Errorf("make payload key: %w", err)
	}
	if v.column, err = aeadsubtle.NewXChaCha20Poly1305(keys[1]); err != nil {
		return nil, fmt.Errorf("make column key: %w", err)
	}
	v.hash, v.mac = keys[2], keys[3]
	v.id = fmt.Sprintf("%d-%s", number, hex.EncodeToString(keys[4][:8]))
	return v, nil
}

// newest is the version that wraps, hashes and signs.
func (r *ring) newest() *version { return r.versions[len(r.versions)-1] }

// find returns the version with the given id.
func (r *ring) find(keyID string) (*version, error) {
	for _, v := range r.versions {
		if v.id == keyID {
			return v, nil
		}
	}
	return nil, fmt.Errorf("%w: %q", ErrMissingKeys, keyID)
}

// ids lists the ids of all versions, newest last.
func (r *ring) ids() []string {
	ids := make([]string, len(r.versions))
	for i, v := range r.versions {
		ids[i] = v.id
	}
	return ids
}

// rotated returns the ring with one version more.
func (r *ring) rotated() (*ring, error) {
	last := r.newest().number
	if last == maxVersion {
		return nil, ErrExhausted
	}
	next, err := newVersion(last+1, randomKey())
	if err != nil {
		return nil, err
	}
	return &ring{id: r.id, check: r.check, versions: append(slices.Clone(r.versions), next)}, nil
}

// without returns the ring without the version keyID, which must not be the newest.
func (r *ring) without(keyID string) (*ring, error) {
	v, err := r.find(keyID)
	if err != nil {
		return nil, err
	}
	if v == r.newest() {
		return nil, fmt.Errorf("key %s is the newest: rotate before retiring it", keyID)
	}
	kept := slices.DeleteFunc(slices.Clone(r.versions), func(o *version) bool { return o == v })
	return &ring{id: r.id, check: r.check, versions: kept}, nil
}
