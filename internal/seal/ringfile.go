package seal

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	ringFormat  = 1
	ringAbout   = "The key ring of a Sigill store. Whoever has this file and the store reads everything; without it the store cannot be read at all. Keep it private, and keep a copy apart from the store."
	maxRingFile = 256 << 10
)

// ringFile is the ring's JSON. Keys are base64; sum is the SHA-256 of the same JSON
// with an empty sum, so that a damaged file is told from a foreign one.
type ringFile struct {
	About    string        `json:"about"`
	Format   int           `json:"format"`
	ID       string        `json:"id"`
	Check    []byte        `json:"check"`
	Versions []versionFile `json:"versions"`
	Sum      string        `json:"sum"`
}

type versionFile struct {
	Number int    `json:"number"`
	ID     string `json:"id"`
	Secret []byte `json:"secret"`
}

// CreateKeyring makes a ring with one version in a new file of mode 0600, and syncs
// the file and its folder. A file that exists is never touched: the error is
// fs.ErrExist. To be called only when the store is empty.
func CreateKeyring(path string) (*Keyring, error) {
	r, err := newRing()
	if err != nil {
		return nil, fmt.Errorf("create key ring: %w", err)
	}
	if err := createRing(path, r); err != nil {
		return nil, err
	}
	return newKeyring(path, r, sealing{}), nil
}

// LoadKeyring reads the ring from its file. Errors: [ErrNoKeyring],
// [ErrPermissions], [ErrGarbled]; none of them contains anything of the file.
func LoadKeyring(path string) (*Keyring, error) {
	r, err := readRing(path)
	if err != nil {
		return nil, err
	}
	return newKeyring(path, r, sealing{}), nil
}

func readRing(path string) (*ring, error) {
	data, err := readPrivate(path)
	if err != nil {
		return nil, err
	}
	r, err := parseRing(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return r, nil
}

// readPrivate reads a small plain file that nobody but its owner may touch. The
// last element of the path must not be a symbolic link: a rotation would replace
// the link and leave its target behind. Opened without blocking, or a FIFO in the
// file's place would hang the start.
func readPrivate(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w at %s", ErrNoKeyring, path)
	case errors.Is(err, syscall.ELOOP):
		return nil, fmt.Errorf("%s: %w: it is a symbolic link; name the file itself", path, ErrPermissions)
	case err != nil:
		return nil, fmt.Errorf("open key ring: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open key ring: %w", err)
	}
	if err := checkPrivate(path, info.Mode()); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxRingFile+1))
	if err != nil {
		return nil, fmt.Errorf("read key ring: %w", err)
	}
	return data, nil
}

func checkPrivate(path string, mode fs.FileMode) error {
	if !mode.IsRegular() {
		return fmt.Errorf("%s: %w: it is not a plain file (%s)", path, ErrPermissions, mode)
	}
	if mode.Perm()&0o077 != 0 {
		return fmt.Errorf("%s: %w: its mode is %04o; make it 0600", path, ErrPermissions, mode.Perm())
	}
	return nil
}

// parseRing reads a ring's JSON. Errors of encoding/json are not passed on, because
// they may quote what they stumbled over.
func parseRing(data []byte) (*ring, error) {
	if len(data) == 0 {
		return nil, fmt.Errorf("%w: it is empty (if the store is empty too, remove it and start again)", ErrGarbled)
	}
	if len(data) > maxRingFile {
		return nil, fmt.Errorf("%w: it is larger than a key ring can be", ErrGarbled)
	}
	var f ringFile
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return nil, fmt.Errorf("%w: it is cut off, or not the JSON of a key ring", ErrGarbled)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: something follows its end", ErrGarbled)
	}
	if f.Format != ringFormat {
		return nil, fmt.Errorf("%w: format %d, this program knows format %d", ErrGarbled, f.Format, ringFormat)
	}
	if !hmac.Equal([]byte(f.Sum), []byte(f.sum())) {
		return nil, fmt.Errorf("%w: its checksum does not fit", ErrGarbled)
	}
	return f.ring()
}

// sum is the checksum over everything but itself.
func (f ringFile) sum() string {
	f.Sum = ""
	data, _ := json.Marshal(f) // strings, numbers and bytes always marshal
	digest := sha256.Sum256(data)
	return hex.EncodeToString(digest[:])
}

// ring makes the ring, or says which part of the file cannot be true.
func (f ringFile) ring() (*ring, error) {
	if strings.Trim(f.ID, "abcdefghijklmnopqrstuvwxyz234567") != "" || len(f.ID) < 16 || len(f.ID) > 64 {
		return nil, fmt.Errorf("%w: its id is not one", ErrGarbled)
	}
	if len(f.Check) != keySize || len(f.Versions) == 0 {
		return nil, fmt.Errorf("%w: keys are missing", ErrGarbled)
	}
	r := &ring{id: f.ID, check: f.Check}
	last := 0
	for i, vf := range f.Versions {
		if vf.Number <= last || vf.Number > maxVersion || len(vf.Secret) != keySize {
			return nil, fmt.Errorf("%w: entry %d is not a version", ErrGarbled, i+1)
		}
		v, err := newVersion(byte(vf.Number), vf.Secret) //nolint:gosec // at most maxVersion, checked above
		if err != nil {
			return nil, err
		}
		if v.id != vf.ID {
			return nil, fmt.Errorf("%w: the id of entry %d does not fit its keys", ErrGarbled, i+1)
		}
		r.versions = append(r.versions, v)
		last = vf.Number
	}
	return r, nil
}

// encode is the inverse of parseRing.
func (r *ring) encode() ([]byte, error) {
	f := ringFile{About: ringAbout, Format: ringFormat, ID: r.id, Check: r.check}
	for _, v := range r.versions {
		f.Versions = append(f.Versions, versionFile{Number: int(v.number), ID: v.id, Secret: v.secret})
	}
	f.Sum = f.sum()
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode key ring: %w", err)
	}
	return append(data, '\n'), nil
}

// createRing writes a new file and refuses to touch an old one.
func createRing(path string, r *ring) error {
	data, err := r.encode()
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("create key ring: %w", err)
	}
	if err := finish(f, data); err != nil {
		return fmt.Errorf("create key ring: %w", errors.Join(err, os.Remove(path)))
	}
	return syncFolder(path)
}

// replaceRing puts a new file in the place of the old one, of the same owner and
// mode: an administrator who rotates as root must not lock the service out.
func replaceRing(path string, r *ring) error {
	data, err := r.encode()
	if err != nil {
		return err
	}
	old, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("replace key ring: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("replace key ring: %w", err)
	}
	err = errors.Join(keepOwner(f, old), finish(f, data))
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("replace key ring: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return syncFolder(path)
}

// keepOwner gives f the owner and mode of the file that it will replace.
func keepOwner(f *os.File, old fs.FileInfo) error {
	was, ok := old.Sys().(*syscall.Stat_t)
	if !ok {
		return nil
	}
	if int(was.Uid) != os.Geteuid() || int(was.Gid) != os.Getegid() {
		if err := f.Chown(int(was.Uid), int(was.Gid)); err != nil {
			return fmt.Errorf("keep the owner: %w", err)
		}
	}
	return f.Chmod(old.Mode().Perm())
}

// finish writes, syncs and closes f.
func finish(f *os.File, data []byte) error {
	_, err := f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// syncFolder makes a new or renamed file in path's folder survive a power cut.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return fmt.Errorf("sync folder of key ring: %w", err)
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("sync folder of key ring: %w", err)
	}
	return nil
}

// lockFolder keeps other processes from changing the ring at the same time. The
// lock is on the folder, because the file itself is replaced; it ends with the
// process at the latest.
func lockFolder(path string) (func(), error) {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("lock folder of key ring: %w", err)
	}
	for {
		err = syscall.Flock(int(d.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		return nil, fmt.Errorf("lock folder of key ring: %w", errors.Join(err, d.Close()))
	}
	return func() { _ = d.Close() }, nil // closing unlocks
}
