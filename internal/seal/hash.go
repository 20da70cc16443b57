package seal

import (
	"crypto/hmac"
	"crypto/sha256"
	"slices"
)

// Sizes in bytes.
const (
	// HashSize is the length of a [Hash]: the version and 128 bits.
	HashSize = 1 + 16
	// MACSize is the length of what [Keyring.MAC] returns.
	MACSize = 16
)

// Hash is a keyed hash for look-ups: one version byte, then 16 bytes of
// HMAC-SHA256. It is safe to store and index.
type Hash []byte

// Version tells which version of the ring made the hash; 0 when there is none.
func (h Hash) Version() byte {
	if len(h) == 0 {
		return 0
	}
	return h[0]
}

// tag is the full HMAC-SHA256 (RFC 2104) of data.
func tag(key, data []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(data)
	return h.Sum(nil)
}

func (v *version) lookup(bound []byte) Hash {
	return append(Hash{v.number}, tag(v.hash, bound)[:HashSize-1]...)
}

// Hash returns the newest hash of a value of some kind ("address", "domain",
// "number"). The caller brings the value into its one canonical form first; where
// organisations must not find each other's values, the kind names the organisation.
func (k *Keyring) Hash(kind, value string) Hash {
	return k.ring.Load().newest().lookup(bind("sigill/hash/1", kind, value))
}

// Hashes returns the hash of a value under every live version, newest first. A
// look-up asks for any of them, because rows are rewritten some time after a
// rotation.
func (k *Keyring) Hashes(kind, value string) []Hash {
	bound := bind("sigill/hash/1", kind, value)
	versions := k.ring.Load().versions
	hashes := make([]Hash, 0, len(versions))
	for _, v := range slices.Backward(versions) {
		hashes = append(hashes, v.lookup(bound))
	}
	return hashes
}

// HashVersion is the first byte of every new hash: rows with another one wait to be
// rewritten.
func (k *Keyring) HashVersion() byte { return k.ring.Load().newest().number }

// MAC returns a tag of [MACSize] bytes over parts under the newest key. The purpose
// keeps tags of different header fields apart; ("a","bc") and ("ab","c") differ.
func (k *Keyring) MAC(purpose string, parts ...[]byte) []byte {
	return tag(k.ring.Load().newest().mac, boundMAC(purpose, parts))[:MACSize]
}

// VerifyMAC says whether mac is the tag of parts under any live key, in constant
// time for a given number of keys.
func (k *Keyring) VerifyMAC(mac []byte, purpose string, parts ...[]byte) bool {
	bound := boundMAC(purpose, parts)
	found := false
	for _, v := range k.ring.Load().versions {
		if hmac.Equal(mac, tag(v.mac, bound)[:MACSize]) {
			found = true
		}
	}
	return found
}

func boundMAC(purpose string, parts [][]byte) []byte {
	return append(bind("sigill/mac/1", purpose), bind("", parts...)...)
}
