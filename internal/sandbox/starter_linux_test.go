package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"
	"testing"
)

// TestNamespacesRefused: only a system that refuses namespaces, and starts a child without them, has its children started
// without them from then on.
func TestNamespacesRefused(t *testing.T) {
	t.Parallel()
	fork := func(no syscall.Errno) error {
		return fmt.Errorf("start child: %w", &os.PathError{Op: "fork/exec", Path: "/proc/self/exe", Err: no})
	}
	late := fmt.Errorf("start child: %w: %w", errChild, io.ErrUnexpectedEOF)
	const with, without = true, false
	tests := []struct {
		name  string
		fails []error // of one try after the other; nil for one that succeeds
		tries []bool  // in three starts
	}{
		{"never", nil, []bool{with, with, with}},
		{"by a rule", []error{fork(syscall.EPERM)}, []bool{with, without, without, without}},
		{"by AppArmor", []error{fork(syscall.EACCES)}, []bool{with, without, without, without}},
		{"by a number", []error{fork(syscall.ENOSPC)}, []bool{with, without, without, without}},
		{"by the kernel", []error{fork(syscall.EINVAL)}, []bool{with, without, without, without}},
		{"no memory", []error{fork(syscall.ENOMEM)}, []bool{with, with, with}},
		{"too many processes", []error{fork(syscall.EAGAIN), fork(syscall.EAGAIN)}, []bool{with, with, with}},
		{"child that died", []error{late}, []bool{with, with, with}},
		{"then refused", []error{late, fork(syscall.EPERM)}, []bool{with, with, without, without}},
		{"child that cannot be started at all", []error{fork(syscall.EACCES), fork(syscall.EACCES)}, []bool{with, without, with, with}},
		{"once they were had", []error{nil, fork(syscall.ENOSPC)}, []bool{with, with, with}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var tries []bool
			s := &starter{try: func(_ context.Context, isolated bool) (*child, error) {
				tries = append(tries, isolated)
				if n := len(tries) - 1; n < len(tt.fails) && tt.fails[n] != nil {
					return nil, tt.fails[n]
				}
				return &child{isolated: isolated}, nil
			}}
			for range 3 {
				c, err := s.launch(t.Context())
				if (c == nil) == (err == nil) {
					t.Errorf("child %v, error %v", c, err)
				}
			}
			if !slices.Equal(tries, tt.tries) {
				t.Errorf("tried with namespaces: %v, want %v", tries, tt.tries)
			}
		})
	}
}

// TestNotRefused: an error that has no number, or another one, is no refusal.
func TestNotRefused(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, errChild, io.EOF, syscall.ENOENT, errors.Join(errChild, syscall.EPIPE)} {
		if refused(err) {
			t.Errorf("%v counts as a refusal", err)
		}
	}
}
