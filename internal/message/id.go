package message

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"time"
)

// ID names a message, an access or a job: 26 lower-case letters and digits, 48 bits
// of time in milliseconds followed by 80 random bits, so that ids sort by age.
type ID string

// idLen is the length of an ID in characters.
const idLen = 26

var idEncoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// NewID makes an id at now. It is unique, and not a secret.
func NewID(now time.Time) ID {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	_, _ = rand.Read(b[6:]) // never fails since Go 1.24
	return ID(idEncoding.EncodeToString(b[:]))
}

// ParseID checks the form of an id that came from outside.
func ParseID(s string) (ID, error) {
	if len(s) != idLen {
		return "", fmt.Errorf("not a message id: want %d characters, have %d", idLen, len(s))
	}
	if _, err := idEncoding.DecodeString(s); err != nil {
		return "", fmt.Errorf("not a message id: only letters and digits: %w", err)
	}
	return ID(s), nil
}

// Time returns the moment at which the id was made, to the millisecond.
func (id ID) Time() time.Time {
	b, err := idEncoding.DecodeString(string(id))
	if err != nil || len(b) != 16 {
		return time.Time{}
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b[:8]) >> 16)).UTC()
}
