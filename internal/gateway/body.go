package gateway

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"

	"sigill/internal/message"
)

// filtered is a body without one header field.
type filtered struct {
	message.Body
	field string
	size  int64
	sum   []byte
}

// withoutField returns the body without a header field. The only field that is ever
// taken out is the guard of a shared cloud: it is a secret between it and us.
func withoutField(b message.Body, field string) (message.Body, error) {
	f := &filtered{Body: b, field: field}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	h := sha256.New()
	if f.size, err = io.Copy(h, r); err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	f.sum = h.Sum(nil)
	return f, nil
}

func (f *filtered) Size() int64    { return f.size }
func (f *filtered) SHA256() []byte { return f.sum }

// Open returns the octets without the field. The header is read into memory: smtpd
// bounds a line, extract bounds the header.
func (f *filtered) Open() (io.ReadCloser, error) {
	r, err := f.Body.Open()
	if err != nil {
		return nil, err
	}
	br := bufio.NewReaderSize(r, 64<<10)
	header, err := readHeader(br)
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	kept := dropField(header, f.field)
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(kept), br), r}, nil
}

// maxHeader bounds the header that is held in memory.
const maxHeader = 4 << 20

// readHeader reads up to and including the empty line, or all when there is none.
func readHeader(br *bufio.Reader) ([]byte, error) {
	var header []byte
	for len(header) <= maxHeader {
		line, err := br.ReadSlice('\n')
		fresh := len(header) == 0 || header[len(header)-1] == '\n'
		header = append(header, line...)
		switch {
		case err == io.EOF:
			return header, nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return nil, fmt.Errorf("read header: %w", err)
		case fresh && len(bytes.TrimRight(line, "\r\n")) == 0:
			return header, nil
		}
	}
	return header, errLongHeader
}

// errLongHeader comes with as much of the header as is held.
var errLongHeader = errors.New("header is too long")

// dropField removes every field of that name with its continuation lines.
func dropField(header []byte, field string) []byte {
	var kept []byte
	dropping := false
	for line := range bytes.Lines(header) {
		if line[0] != ' ' && line[0] != '\t' {
			name, _, ok := bytes.Cut(line, []byte(":"))
			dropping = ok && strings.EqualFold(strings.TrimSpace(string(name)), field)
		}
		if !dropping {
			kept = append(kept, line...)
		}
	}
	return kept
}

// headerOf returns the header of a stored body, without its empty line.
func headerOf(b message.Body) ([]byte, error) {
	r, err := b.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	header, err := readHeader(bufio.NewReaderSize(r, 64<<10))
	if errors.Is(err, errLongHeader) { // its beginning has every field that counts here
		err = nil
	}
	return bytes.TrimSuffix(header, []byte("\r\n\r\n")), err
}

// hashAfterHeader is the SHA-256 of what follows the header.
func hashAfterHeader(b message.Body) ([]byte, error) {
	r, err := b.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	br := bufio.NewReaderSize(r, 64<<10)
	if _, err := readHeader(br); err != nil {
		return nil, err
	}
	h := sha256.New()
	if _, err := io.Copy(h, br); err != nil {
		return nil, fmt.Errorf("read body: %w", err)
	}
	return h.Sum(nil), nil
}
