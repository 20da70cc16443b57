package pdf

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestFill fills the user's cache, as a gateway does at its first start, and finds it filled.
func TestFill(t *testing.T) {
	t.Parallel()
	dir, err := CacheDir()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := Fill(dir); err != nil {
			t.Fatal(err)
		}
		if !Ready(dir) {
			t.Fatal("not ready")
		}
	}
	if Ready(t.TempDir()) {
		t.Error("an empty folder is ready")
	}
}

// TestForget: the marks that stay are the newest, whatever their names.
func TestForget(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for i := range maxStamps + 5 {
		file := filepath.Join(dir, fmt.Sprintf("%s%02d", mark, 99-i)) // the newest has the first name
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		at := time.Unix(int64(i), 0)
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
	forget(dir)
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != maxStamps-1 || left[0].Name() != fmt.Sprintf("%s%02d", mark, 99-maxStamps-4) {
		t.Errorf("%v %v", left, err)
	}
}

func TestCacheDir(t *testing.T) { // not parallel: it sets the environment
	base := filepath.Join(t.TempDir(), "cache")
	t.Setenv("CACHE_DIRECTORY", base+":/another")
	dir, err := CacheDir()
	if err != nil || dir != filepath.Join(base, "pdfium") {
		t.Fatal(dir, err)
	}
	for name, spoil := range map[string]func() error{
		"others may write": func() error { return os.Chmod(dir, 0o777) },
		"a link":           func() error { return replaceByLink(dir) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if _, err := CacheDir(); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", name, err)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("CACHE_DIRECTORY", "")
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	if dir, err := CacheDir(); err == nil {
		t.Errorf("no home, and yet %s", dir)
	}
}

func replaceByLink(dir string) error {
	if err := os.Rename(dir, dir+".old"); err != nil {
		return err
	}
	return os.Symlink(dir+".old", dir)
}
