package app

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"sigill/internal/smtpd"
)

// users are the names and hashes of who may send with a password.
type users struct {
	hashes map[string][]byte
	nobody []byte        // compared for a name that is not there: the same work
	slots  chan struct{} // bounds the comparisons at one time
}

// readUsers reads lines of name:bcrypt-hash.
func readUsers(file string) (*users, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	u := &users{hashes: map[string][]byte{}, slots: make(chan struct{}, 4)}
	lines := bufio.NewScanner(bytes.NewReader(data))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, hash, ok := strings.Cut(line, ":")
		if _, err := bcrypt.Cost([]byte(hash)); !ok || err != nil {
			return nil, fmt.Errorf("%s:%d: want name:hash, as `htpasswd -B` writes it", file, n)
		}
		u.hashes[name], u.nobody = []byte(hash), []byte(hash)
	}
	if len(u.hashes) == 0 {
		return nil, fmt.Errorf("%s: no users", file)
	}
	return u, lines.Err()
}

// authenticate compares a password. It takes as long for a name that does not exist.
func (u *users) authenticate(ctx context.Context, name, password string) error {
	select {
	case u.slots <- struct{}{}:
		defer func() { <-u.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	hash, known := u.hashes[name]
	if !known {
		hash = u.nobody
	}
	if err := bcrypt.CompareHashAndPassword(hash, []byte(password)); err != nil || !known {
		return smtpd.ErrCredentials
	}
	return nil
}
