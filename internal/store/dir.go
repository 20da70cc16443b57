package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"sigill/internal/message"
)

// Dir is a folder of sealed payload files: one file per message, in 32 subfolders by
// the last character of its id. A marker file ties it to one installation, so that two
// nodes never look into different folders without knowing.
type Dir struct {
	path string
	now  func() time.Time
}

const (
	markerName = "installation"
	subfolders = "0123456789abcdefghjkmnpqrstvwxyz"
	orphanAge  = time.Hour
)

// OpenDir opens the payload folder of an installation. A new one gets its marker only
// when fresh says that the store has no payload in a folder yet.
func OpenDir(path, installation string, fresh bool, now func() time.Time) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make payload folder: %w", err)
	}
	d := &Dir{path: path, now: now}
	have, err := os.ReadFile(filepath.Join(path, markerName))
	switch {
	case errors.Is(err, fs.ErrNotExist) && fresh:
		return d, d.prepare(installation)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("payload folder %s has no marker, but the store has payloads in a folder: it is the wrong one", path)
	case err != nil:
		return nil, fmt.Errorf("read marker of payload folder: %w", err)
	case strings.TrimSpace(string(have)) != installation:
		return nil, fmt.Errorf("payload folder %s belongs to another installation", path)
	}
	return d, nil
}

func (d *Dir) prepare(installation string) error {
	for _, c := range subfolders {
		if err := os.MkdirAll(filepath.Join(d.path, string(c)), 0o700); err != nil {
			return fmt.Errorf("make payload folder: %w", err)
		}
	}
	marker := filepath.Join(d.path, markerName)
	if err := writeSynced(marker, func(w io.Writer) error {
		_, err := io.WriteString(w, installation+"\n")
		return err
	}); err != nil {
		return fmt.Errorf("mark payload folder: %w", err)
	}
	return nil
}

func (d *Dir) file(id message.ID) string {
	return filepath.Join(d.path, string(id[len(id)-1:]), string(id))
}

// write makes the file of a message: it, and the folder's entry for it, are on the disk
// when write returns.
func (d *Dir) write(id message.ID, fill func(io.Writer) error) error {
	if _, err := message.ParseID(string(id)); err != nil {
		return fmt.Errorf("payload file: %w", err)
	}
	if err := writeSynced(d.file(id), fill); err != nil {
		return err
	}
	now := d.now() // the age of an orphan is told by the store's clock, not the disk's
	return os.Chtimes(d.file(id), now, now)
}

func (d *Dir) open(id message.ID) (io.ReadCloser, error) {
	f, err := os.Open(d.file(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("payload file: %w", ErrDestroyed)
	}
	return f, err
}

// Remove deletes the file of a message; one that is not there is no error.
func (d *Dir) Remove(id message.ID) error {
	if d == nil {
		return nil
	}
	err := os.Remove(d.file(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Orphans returns the ids of files that are older than an hour, for the driver to ask
// which of them still have a wrap. Half-written files of that age are removed at once.
func (d *Dir) Orphans() ([]message.ID, error) {
	var old []message.ID
	for _, c := range subfolders {
		entries, err := os.ReadDir(filepath.Join(d.path, string(c)))
		if err != nil {
			return nil, fmt.Errorf("read payload folder: %w", err)
		}
		for _, e := range entries {
			info, err := e.Info()
			if err != nil || d.now().Sub(info.ModTime()) < orphanAge {
				continue // gone meanwhile, or young
			}
			if id, err := message.ParseID(e.Name()); err == nil {
				old = append(old, id)
				continue
			}
			_ = os.Remove(filepath.Join(d.path, string(c), e.Name()))
		}
	}
	return old, nil
}

// writeSynced writes a file under a temporary name, syncs it, renames it, and syncs its
// folder.
func writeSynced(path string, fill func(io.Writer) error) error {
	f, err := newFile(path)
	if err != nil {
		return err
	}
	if err := fill(f); err != nil {
		f.abort()
		return full(err)
	}
	return f.commit()
}

// pendingFile is a file that is there under its name, whole and synced, after commit.
type pendingFile struct {
	*bufio.Writer
	f    *os.File
	path string
}

func newFile(path string) (*pendingFile, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "new-*")
	if err != nil {
		return nil, full(err)
	}
	return &pendingFile{bufio.NewWriterSize(f, 128<<10), f, path}, nil
}

func (p *pendingFile) abort() {
	_ = p.f.Close()
	_ = os.Remove(p.f.Name())
}

func (p *pendingFile) commit() error {
	err := p.Flush()
	if err == nil {
		err = p.f.Sync()
	}
	if err == nil {
		err = os.Rename(p.f.Name(), p.path)
	}
	if err != nil {
		p.abort()
		return full(err)
	}
	if err := p.f.Close(); err != nil {
		return full(err)
	}
	return full(syncFolder(filepath.Dir(p.path)))
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// full turns a full disk into [ErrFull].
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	return err
}
