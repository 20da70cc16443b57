package seal

import "errors"

var (
	// ErrNoKeyring means that there is no file at the ring's path.
	ErrNoKeyring = errors.New("no key ring")
	// ErrPermissions means that the ring's file can be read or written by somebody
	// else than its owner, or is not a plain file; the wrapping text names the mode.
	ErrPermissions = errors.New("key ring file is not private")
	// ErrGarbled means that the ring's file is not what was once written.
	ErrGarbled = errors.New("key ring file is garbled")
	// ErrForeignKeyring means that the ring belongs to another store.
	ErrForeignKeyring = errors.New("key ring belongs to another store")
	// ErrMissingKeys means that the ring lacks key versions that the store has
	// used, as an old copy does; the wrapping text names their ids.
	ErrMissingKeys = errors.New("key ring lacks keys")
	// ErrPassphrase means that a backup of the ring does not open with the
	// passphrase given.
	ErrPassphrase = errors.New("wrong passphrase")
	// ErrDamaged means that sealed bytes were cut, changed, or belong to another
	// organisation, message, month or row. Nothing tells which of them it was.
	ErrDamaged = errors.New("sealed data is damaged or belongs elsewhere")
	// ErrExhausted means that the ring has used all 255 version numbers.
	ErrExhausted = errors.New("key ring has no version numbers left")
)
