package extract

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bodgit/sevenzip"
	"github.com/nwaples/rardecode/v2"
)

func lockedFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata/locked", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestLocked: files as programs write them with a password are encrypted and nothing else; the names in them are read where they
// are in clear. testdata/locked/make.py says how they were made.
func TestLocked(t *testing.T) {
	t.Parallel()
	const office, open, archive = "office document with a password", "OpenDocument file with a password", "archive with a password"
	for _, tt := range []struct {
		name, detail string
		names        bool
	}{
		{"text.docx", office, false},
		{"sheet.xlsx", office, false},
		{"text.doc", office, false},
		{"sheet.xls", office, false},
		{"text.odt", open, false},
		{"sheet.ods", open, false},
		{"names.7z", archive, true},
		{"headers.7z", archive, false},
		{"names5.rar", archive, true},
		{"headers5.rar", archive, false},
		{"names4.rar", archive, true},
		{"headers4.rar", archive, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached(tt.name, lockedFile(t, tt.name)), Limits{})
			if len(c.Unreadable) != 1 || c.Unreadable[0] != (Unreadable{"att[1]/" + tt.name, Encrypted, tt.detail}) {
				t.Errorf("findings %v", c.Unreadable)
			}
			name := Segment{Where: "att[1]/" + tt.name + "!640823-3234.txt", Kind: AttachmentName, Text: "640823-3234.txt"}
			if hasSegment(c, name) != tt.names {
				t.Error(dump(c))
			}
		})
	}
}

// TestLockedOpens: the archives are what they are taken for; with the password they can be read.
func TestLockedOpens(t *testing.T) {
	t.Parallel()
	const password = "open sesame"
	for _, name := range []string{"names.7z", "headers.7z", "names5.rar", "headers5.rar", "names4.rar", "headers4.rar"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := lockedFile(t, name)
			var got []byte
			var err error
			if strings.HasSuffix(name, ".rar") {
				got, err = unrar(b, password)
			} else {
				got, err = unseven(b, password)
			}
			if err != nil || string(got) != "personnummer 890102-2387\n" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func unrar(b []byte, password string) ([]byte, error) {
	z, err := rardecode.NewReader(bytes.NewReader(b), rardecode.Password(password))
	if err != nil {
		return nil, err
	}
	if _, err := z.Next(); err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}

func unseven(b []byte, password string) ([]byte, error) {
	z, err := sevenzip.NewReaderWithPassword(bytes.NewReader(b), int64(len(b)), password)
	if err != nil {
		return nil, err
	}
	r, err := z.File[0].Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
