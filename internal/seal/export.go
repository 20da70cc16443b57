package seal

import (
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

// exportWorkFactor is log2 of scrypt's cost: about a second for each guess.
const exportWorkFactor = 18

// Export writes the ring, as it is in memory, sealed by a passphrase: an age file
// (age-encryption.org/v1, scrypt recipient) that "age -d" opens too. It belongs in
// another place than the backup of the store.
func (k *Keyring) Export(w io.Writer, passphrase string) error {
	if err := k.export(w, passphrase, exportWorkFactor); err != nil {
		return fmt.Errorf("export key ring: %w", err)
	}
	return nil
}

func (k *Keyring) export(w io.Writer, passphrase string, workFactor int) error {
	recipient, err := age.NewScryptRecipient(passphrase)
	if err != nil {
		return err
	}
	recipient.SetWorkFactor(workFactor)
	data, err := k.ring.Load().encode()
	if err != nil {
		return err
	}
	out, err := age.Encrypt(w, recipient)
	if err != nil {
		return err
	}
	if _, err := out.Write(data); err != nil {
		return err
	}
	return out.Close()
}

// ImportKeyring opens what [Keyring.Export] wrote and puts it into a new file of
// mode 0600. It checks everything before it writes, and never touches a file that
// exists (fs.ErrExist). Further errors: [ErrPassphrase], [ErrGarbled].
func ImportKeyring(path string, r io.Reader, passphrase string) error {
	imported, err := openExport(r, passphrase)
	if err != nil {
		return fmt.Errorf("import key ring: %w", err)
	}
	return createRing(path, imported)
}

func openExport(r io.Reader, passphrase string) (*ring, error) {
	identity, err := age.NewScryptIdentity(passphrase)
	if err != nil {
		return nil, err
	}
	identity.SetMaxWorkFactor(exportWorkFactor + 2) // a forged file must not cost minutes
	src := &source{r: r}
	in, err := age.Decrypt(src, identity)
	if noMatch := (*age.NoIdentityMatchError)(nil); errors.As(err, &noMatch) {
		return nil, ErrPassphrase
	}
	var data []byte
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(in, maxRingFile+1))
	}
	switch {
	case src.err != nil:
		return nil, src.err
	case err != nil: // age's own text may quote the file
		return nil, fmt.Errorf("%w: it is cut off, or not the export of a key ring", ErrGarbled)
	}
	return parseRing(data)
}
