// Package sealtest gives tests key rings, among them one that does not seal.
package sealtest

import (
	"path/filepath"
	"testing"

	"sigill/internal/seal"
	"sigill/internal/seal/internal/permit"
)

// Keyring returns a fresh ring whose file lies in a temporary folder of the test.
func Keyring(tb testing.TB) *seal.Keyring {
	tb.Helper()
	k, err := seal.CreateKeyring(filepath.Join(tb.TempDir(), "ring"))
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// Unsealed returns a ring, kept in memory, whose keys leave everything in clear: the
// control run of a search for leaks. Wraps, hashes and tags work as ever.
func Unsealed(tb testing.TB) *seal.Keyring {
	tb.Helper()
	k, err := seal.Unsealed(permit.Unsealed{})
	if err != nil {
		tb.Fatal(err)
	}
	return k
}

// UnsealedEphemeral returns a spool key that leaves everything in clear.
func UnsealedEphemeral(tb testing.TB) *seal.Ephemeral {
	tb.Helper()
	e, err := seal.UnsealedEphemeral(permit.Unsealed{})
	if err != nil {
		tb.Fatal(err)
	}
	return e
}
