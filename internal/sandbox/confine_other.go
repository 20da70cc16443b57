//go:build !linux

package sandbox

import (
	"fmt"
	"os"
	"syscall"
	"time"

	"sigill/internal/extract/ocr"
)

// confine has nothing to offer outside Linux; the child is a process of its own and can
// be killed.
func confine(int64, string) Confinement { return Confinement{} }

func confineReader(int64, *ocr.Program) Confinement { return Confinement{} }

func limitProcessor(time.Duration) bool { return false }

func attributes(bool) *syscall.SysProcAttr { return nil }

func refused(error) bool { return false }

func closeOnExec() {}

func self() (string, error) {
	path, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find own binary: %w", err)
	}
	return path, nil
}
