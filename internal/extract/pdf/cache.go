package pdf

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// CacheDir makes the folder for the machine code of this user, and says why there is none: a service's own
// (systemd.exec(5), CacheDirectory=), else one below the user's cache.
func CacheDir() (string, error) {
	base, _, _ := strings.Cut(os.Getenv("CACHE_DIRECTORY"), ":")
	if base == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find the user's cache: %w", err)
		}
		base = filepath.Join(user, "sigill")
	}
	if err := os.MkdirAll(base, 0o700); err != nil { //nolint:gosec // whoever sets our environment may choose the folder
		return "", fmt.Errorf("make cache: %w", err)
	}
	base, err := filepath.EvalSymlinks(base) // systemd gives a link to a service whose user comes and goes
	if err != nil {
		return "", fmt.Errorf("find cache: %w", err)
	}
	dir := filepath.Join(base, "pdfium")
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) { //nolint:gosec // as above
		return "", fmt.Errorf("make cache: %w", err)
	}
	for _, d := range []string{base, dir} {
		if err := private(d); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// private refuses a folder in which somebody else could put what this process then runs.
func private(dir string) error {
	info, err := os.Lstat(dir) //nolint:gosec // as above
	switch {
	case err != nil:
		return fmt.Errorf("look at cache: %w", err)
	case !info.IsDir() || info.Mode().Perm()&0o022 != 0 || !ours(info):
		return fmt.Errorf("cache %s: not a folder that only its owner may write to, and that this user owns", dir)
	}
	return nil
}

const mark = "ready-"

// stamp names the running program, so that another one makes sure of the machine code anew.
func stamp() (string, error) {
	info, err := os.Stat("/proc/self/exe") // also when the file was replaced meanwhile
	if err != nil {
		var exe string
		if exe, err = os.Executable(); err == nil {
			info, err = os.Stat(exe)
		}
	}
	if err != nil {
		return "", fmt.Errorf("find program: %w", err)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %d", info.Size(), info.ModTime().UnixNano()))
	return mark + hex.EncodeToString(sum[:8]), nil
}

// Ready says whether the folder holds the machine code for the running program.
func Ready(cache string) bool {
	name, err := stamp()
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(cache, name))
	return err == nil
}

// Fill puts the machine code into the folder, unless it is there. Of several processes one does it, and the others wait.
func Fill(cache string) error {
	unlock, err := lock(filepath.Join(cache, "lock"))
	if err != nil {
		return err
	}
	defer unlock()
	if Ready(cache) {
		return nil
	}
	if err := fillFrom(cache).Prepare(); err != nil {
		return err
	}
	name, err := stamp()
	if err != nil {
		return err
	}
	forget(cache)
	if err := os.WriteFile(filepath.Join(cache, name), nil, 0o600); err != nil {
		return fmt.Errorf("mark cache: %w", err)
	}
	return nil
}

// maxStamps is how many programs are remembered.
const maxStamps = 30

// forget removes the marks of the programs that were first run the longest ago. What fails is done another time.
func forget(cache string) {
	all, _ := os.ReadDir(cache)
	var marks []fs.FileInfo
	for _, e := range all {
		if info, err := e.Info(); err == nil && strings.HasPrefix(e.Name(), mark) {
			marks = append(marks, info)
		}
	}
	slices.SortFunc(marks, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	for _, m := range marks[:max(0, len(marks)-maxStamps+1)] {
		_ = os.Remove(filepath.Join(cache, m.Name()))
	}
}
