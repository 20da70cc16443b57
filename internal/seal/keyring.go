package seal

import (
	"crypto/hmac"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
)

// Keyring holds the keys that wrap, hash and sign. All methods may be called by
// many goroutines at once.
type Keyring struct {
	redacted

	path    string // empty: kept in memory only
	ciphers primitives
	change  sync.Mutex // held while the file is changed or read again
	ring    atomic.Pointer[ring]
}

func newKeyring(path string, r *ring, p primitives) *Keyring {
	k := &Keyring{path: path, ciphers: p}
	k.ring.Store(r)
	return k
}

// ID is the ring's name: random at creation, the same over every rotation, no
// secret.
func (k *Keyring) ID() string { return k.ring.Load().id }

// KeyIDs lists the ids of all versions, newest last. The store records them.
func (k *Keyring) KeyIDs() []string { return k.ring.Load().ids() }

// Check returns the check value that the store keeps beside the ring's id: 32 bytes
// that only this ring can make, the same over every rotation.
func (k *Keyring) Check() []byte { return k.ring.Load().checkValue() }

func (r *ring) checkValue() []byte {
	return tag(r.check, bind("sigill/check/1", r.id))
}

// Matches holds the ring against what the store has recorded: the ring's id, the
// ids of all versions in use, and the check value. It returns [ErrForeignKeyring]
// when the ring is another one and [ErrMissingKeys], with the ids, when it is an
// old copy. Versions that the store has not recorded yet are no error.
func (k *Keyring) Matches(id string, keyIDs []string, check []byte) error {
	r := k.ring.Load()
	if id != r.id {
		return fmt.Errorf("%w: ring %s, the store was sealed with %s", ErrForeignKeyring, r.id, id)
	}
	if !hmac.Equal(check, r.checkValue()) {
		return fmt.Errorf("%w: ring %s has the right id but not the store's check value", ErrForeignKeyring, r.id)
	}
	var missing []string
	for _, keyID := range keyIDs {
		if _, err := r.find(keyID); err != nil {
			missing = append(missing, keyID)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%w: %s", ErrMissingKeys, strings.Join(missing, ", "))
	}
	return nil
}

// Rotate adds a version, which from now on wraps, hashes and signs, and writes the
// file atomically. Older versions stay. Other processes see the new version after
// [Keyring.Reload]; a ring shared by several nodes must be copied to all of them
// before any of them wraps with it.
func (k *Keyring) Rotate() error {
	if err := k.update((*ring).rotated); err != nil {
		return fmt.Errorf("rotate key ring: %w", err)
	}
	return nil
}

// Retire removes a version that is not the newest. What it wrapped, hashed or
// signed can never be opened, found or verified again: first every wrap must have
// been rewritten ([Keyring.Rewrap], [Keyring.RewrapColumnKey]), every hash
// recomputed, and every tag that is still under way must be too old to matter.
func (k *Keyring) Retire(keyID string) error {
	err := k.update(func(r *ring) (*ring, error) { return r.without(keyID) })
	if err != nil {
		return fmt.Errorf("retire key: %w", err)
	}
	return nil
}

// Reload reads the file again, after another process rotated it, and says whether
// the set of versions changed. A file with another ring is refused and the old one
// stays in use.
func (k *Keyring) Reload() (bool, error) {
	if k.path == "" {
		return false, nil
	}
	k.change.Lock()
	defer k.change.Unlock()
	fresh, err := k.reread()
	if err != nil {
		return false, err
	}
	old := k.ring.Swap(fresh)
	return strings.Join(old.ids(), " ") != strings.Join(fresh.ids(), " "), nil
}

// version finds a version, if need be in the file, where another process may have added
// it since.
func (k *Keyring) version(keyID string) (*version, error) {
	v, err := k.ring.Load().find(keyID)
	if err == nil {
		return v, nil
	}
	if _, failed := k.Reload(); failed != nil {
		return nil, err
	}
	return k.ring.Load().find(keyID)
}

// reread loads the file and refuses it if it has become another ring.
func (k *Keyring) reread() (*ring, error) {
	fresh, err := readRing(k.path)
	if err != nil {
		return nil, err
	}
	if now := k.ring.Load(); fresh.id != now.id || !hmac.Equal(fresh.check, now.check) {
		return nil, fmt.Errorf("%w: %s holds ring %s, in use is %s", ErrForeignKeyring, k.path, fresh.id, now.id)
	}
	return fresh, nil
}

// update changes the ring, in the file first. It starts from what the file holds,
// not from memory, or a version added by another process would be lost.
func (k *Keyring) update(change func(*ring) (*ring, error)) error {
	k.change.Lock()
	defer k.change.Unlock()
	if k.path == "" {
		next, err := change(k.ring.Load())
		if err != nil {
			return err
		}
		k.ring.Store(next)
		return nil
	}
	unlock, err := lockFolder(k.path)
	if err != nil {
		return err
	}
	defer unlock()
	current, err := k.reread()
	if err != nil {
		return err
	}
	next, err := change(current)
	if err != nil {
		return err
	}
	if err := replaceRing(k.path, next); err != nil {
		return err
	}
	k.ring.Store(next)
	return nil
}
