package sms

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"sigill/internal/message"
)

// File is a [Sender] that sends nothing: it appends one JSON object a line to a file,
// {"to","text","time"}, for tests and drills. The file has the codes in clear, so
// only its owner may read it.
type File struct {
	path string
	now  func() time.Time
	mu   sync.Mutex
}

// NewFile returns a File and makes the file itself, so that a wrong path shows at
// the start.
func NewFile(path string, now func() time.Time) (*File, error) {
	f := &File{path: path, now: now}
	file, err := f.open()
	if err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, fmt.Errorf("close file of text messages: %w", err)
	}
	return f, nil
}

func (f *File) open() (*os.File, error) {
	file, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open file of text messages: %w", err)
	}
	info, err := file.Stat()
	if err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		err = fmt.Errorf("file of text messages: mode %04o lets others read it, want 0600", info.Mode().Perm())
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// line is one text message in the file.
type line struct {
	To   string    `json:"to"`
	Text string    `json:"text"`
	Time time.Time `json:"time"`
}

// Send implements [Sender]. The line is on disk when it returns.
func (f *File) Send(ctx context.Context, to message.Phone, text string) error {
	if err := check(to, text); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return &Error{Kind: KindTemporary, Err: err}
	}
	b, err := json.Marshal(line{To: string(to), Text: text, Time: f.now().UTC()})
	if err != nil {
		return &Error{Kind: KindPermanent, Err: errors.New("write as JSON")}
	}
	if err := f.append(append(b, '\n')); err != nil {
		return &Error{Kind: KindTemporary, Err: err}
	}
	return nil
}

func (f *File) append(b []byte) (err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	file, err := f.open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if _, err := file.Write(b); err != nil {
		return fmt.Errorf("append text message: %w", err)
	}
	if err := file.Sync(); err != nil {
		return fmt.Errorf("sync file of text messages: %w", err)
	}
	return nil
}
