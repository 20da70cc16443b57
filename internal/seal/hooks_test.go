package seal

import "io"

// What the tests of the outer package need to see.

// ReparseRing parses a ring's file and encodes it again.
func ReparseRing(data []byte) ([]byte, error) {
	r, err := parseRing(data)
	if err != nil {
		return nil, err
	}
	return r.encode()
}

// ExportQuick is Export with a passphrase that is cheap to guess.
func (k *Keyring) ExportQuick(w io.Writer, passphrase string) error {
	return k.export(w, passphrase, 8)
}
