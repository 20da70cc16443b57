package seal

import (
	"fmt"

	"github.com/tink-crypto/tink-go/v2/tink"
)

// columnVersion is the first byte of every sealed column.
const columnVersion = 1

const wrappedColumnSize = 1 + keySize

// ColumnKey seals single values of one organisation and month. It may be used by
// many goroutines at once.
type ColumnKey struct {
	redacted

	box tink.AEAD
}

// NewColumnKey makes the key of an organisation's month ("2026-11") and its wrap.
func (k *Keyring) NewColumnKey(org, month string) (*ColumnKey, Wrapped, error) {
	inner := append([]byte{wrapVersion}, randomKey()...)
	v := k.ring.Load().newest()
	w, err := wrap(v.column, v.id, inner, columnAD(org, month))
	if err != nil {
		return nil, Wrapped{}, err
	}
	c, err := k.columnKey(inner)
	if err != nil {
		return nil, Wrapped{}, err
	}
	return c, w, nil
}

// UnwrapColumnKey opens the key of a month. Errors are those of [Keyring.Unwrap].
func (k *Keyring) UnwrapColumnKey(org, month string, w Wrapped) (*ColumnKey, error) {
	inner, err := k.unwrapColumn(org, month, w)
	if err != nil {
		return nil, err
	}
	return k.columnKey(inner)
}

// RewrapColumnKey wraps the key of a month under the newest version. It returns w
// itself and false when it already is.
func (k *Keyring) RewrapColumnKey(org, month string, w Wrapped) (Wrapped, bool, error) {
	v := k.ring.Load().newest()
	if w.KeyID == v.id {
		return w, false, nil
	}
	inner, err := k.unwrapColumn(org, month, w)
	if err != nil {
		return Wrapped{}, false, err
	}
	fresh, err := wrap(v.column, v.id, inner, columnAD(org, month))
	if err != nil {
		return Wrapped{}, false, err
	}
	return fresh, true, nil
}

func columnAD(org, month string) []byte { return bind("sigill/column-key/1", org, month) }

func (k *Keyring) unwrapColumn(org, month string, w Wrapped) ([]byte, error) {
	v, err := k.version(w.KeyID)
	if err != nil {
		return nil, err
	}
	return unwrap(v.column, w, columnAD(org, month), wrappedColumnSize)
}

func (k *Keyring) columnKey(inner []byte) (*ColumnKey, error) {
	if inner[0] != wrapVersion {
		return nil, fmt.Errorf("column key of version %d: made by a newer program", inner[0])
	}
	box, err := k.ciphers.box(inner[1:])
	if err != nil {
		return nil, fmt.Errorf("make column cipher: %w", err)
	}
	return &ColumnKey{box: box}, nil
}

// Seal returns plain sealed, 41 bytes longer. ad names the table, the column and
// the row's id, so that a value moved elsewhere does not open.
func (c *ColumnKey) Seal(plain []byte, ad string) ([]byte, error) {
	box, err := c.box.Encrypt(plain, bind("sigill/column/1", ad))
	if err != nil {
		return nil, fmt.Errorf("seal column: %w", err)
	}
	return append([]byte{columnVersion}, box...), nil
}

// Open returns what Seal was given under the same ad, or [ErrDamaged].
func (c *ColumnKey) Open(sealed []byte, ad string) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != columnVersion {
		return nil, fmt.Errorf("open column: %w", ErrDamaged)
	}
	plain, err := c.box.Decrypt(sealed[1:], bind("sigill/column/1", ad))
	if err != nil {
		return nil, fmt.Errorf("open column: %w", ErrDamaged)
	}
	return plain, nil
}
