package smtpd

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"sigill/internal/message"
	"sigill/internal/seal"
)

func newStorage(t *testing.T, perSession int, total int64, create func() (file, error)) *storage {
	t.Helper()
	key, err := seal.NewEphemeral()
	if err != nil {
		t.Fatal(err)
	}
	if create == nil {
		create = func() (file, error) { return createTemp(t.TempDir()) }
	}
	return &storage{memory: budget{max: total}, perSession: perSession, key: key, create: create}
}

func fillSpool(t *testing.T, s *spool, text string) {
	t.Helper()
	for _, p := range pieces([]byte(text), []byte{16, 3, 0}) {
		if err := s.write(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.finish(); err != nil {
		t.Fatal(err)
	}
}

func readSpool(t *testing.T, s *spool) string {
	t.Helper()
	r, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestSpoolSizes(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 99, 100, 101, 5000, 200_000} {
		at := newStorage(t, 100, 1000, nil)
		s := at.spool()
		text := strings.Repeat("x", size)
		fillSpool(t, s, text)
		if got := readSpool(t, s); got != text || s.Size() != int64(size) {
			t.Errorf("%d octets came back as %d, size %d", size, len(got), s.Size())
		}
		if inFile := s.file != nil; inFile != (size > 100) {
			t.Errorf("%d octets in a file: %t", size, inFile)
		}
		s.release()
		if used := at.memory.used.Load(); used != 0 {
			t.Errorf("%d octets of memory not given back", used)
		}
	}
}

func TestSpoolBudgetIsShared(t *testing.T) {
	t.Parallel()
	at := newStorage(t, 8192, 12_000, nil)
	one, two := at.spool(), at.spool()
	fillSpool(t, one, strings.Repeat("a", 8192))
	fillSpool(t, two, strings.Repeat("b", 8192))
	if one.file != nil || two.file == nil {
		t.Errorf("in a file: %t, %t; want the second only", one.file != nil, two.file != nil)
	}
	one.release()
	two.release()
	three := at.spool()
	fillSpool(t, three, strings.Repeat("c", 8192))
	if three.file != nil {
		t.Error("memory that was given back is not used again")
	}
	three.release()
}

func TestSpoolFileIsUnlinkedAndSealed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var disk *os.File
	at := newStorage(t, 10, 1000, func() (file, error) {
		f, err := createTemp(dir)
		if err == nil {
			disk = f.(*os.File)
		}
		return f, err
	})
	s := at.spool()
	text := strings.Repeat("a canary sings ", 10_000)
	fillSpool(t, s, text)
	if left, _ := filepath.Glob(dir + "/*"); len(left) > 0 || filepath.Dir(disk.Name()) != dir {
		t.Errorf("left in the folder: %v", left)
	}
	raw, err := io.ReadAll(io.NewSectionReader(disk, 0, 1<<20))
	if err != nil || len(raw) < len(text) {
		t.Fatalf("%d octets on disk: %v", len(raw), err)
	}
	if bytes.Contains(raw, []byte("canary")) {
		t.Error("content lies on disk in clear")
	}
	s.release()
	if _, err := disk.Write(nil); !errors.Is(err, os.ErrClosed) {
		t.Errorf("the file is still open: %v", err)
	}
}

func TestSpoolStaysWhileUsed(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"memory": 50, "file": 50_000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := newStorage(t, 100, 1000, nil)
			s := at.spool()
			text := strings.Repeat("x", size)
			fillSpool(t, s, text)
			release := s.Retain()
			r, err := s.Open()
			if err != nil {
				t.Fatal(err)
			}
			s.release() // the session's
			if got := readSpool(t, s); got != text {
				t.Error("kept body is not whole")
			}
			release()
			release() // counts once
			if b, err := io.ReadAll(r); string(b) != text || err != nil {
				t.Errorf("open reader lost its body: %v", err)
			}
			memory := s.memory
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			if strings.Trim(string(memory), "\x00") != "" {
				t.Error("memory was not wiped")
			}
			if _, err := r.Read(make([]byte, 1)); !errors.Is(err, os.ErrClosed) {
				t.Errorf("read of a closed reader: %v", err)
			}
			if _, err := s.Open(); err == nil {
				t.Error("a body that is gone can be opened")
			}
			s.Retain()()
		})
	}
}

func TestSpoolReadConcurrently(t *testing.T) {
	t.Parallel()
	s := newStorage(t, 100, 1000, nil).spool()
	text := strings.Repeat("0123456789", 30_000)
	fillSpool(t, s, text)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if readSpool(t, s) != text {
				t.Error("not the same")
			}
		})
	}
	all.Wait()
	s.release()
}

// brokenFile fails after some octets.
type brokenFile struct {
	bytes.Buffer
	room int
	err  error
}

func (f *brokenFile) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, f.err
	}
	return f.Buffer.Write(p)
}

func (f *brokenFile) ReadAt([]byte, int64) (int, error) { return 0, f.err }
func (f *brokenFile) Close() error                      { return nil }

// TestDiskFull sends a message to a server whose disk is full at any moment: while
// the file is made, at its first block, in the middle, at the end.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	full := &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	for name, tc := range map[string]struct {
		create func() (file, error)
		want   string
	}{
		"no file":    {func() (file, error) { return nil, full }, "452 4.3.1"},
		"no header":  {func() (file, error) { return &brokenFile{err: full}, nil }, "452 4.3.1"},
		"middle":     {func() (file, error) { return &brokenFile{err: full, room: 100_000}, nil }, "452 4.3.1"},
		"end":        {func() (file, error) { return &brokenFile{err: full, room: 131_072}, nil }, "452 4.3.1"},
		"quota":      {func() (file, error) { return nil, syscall.EDQUOT }, "452 4.3.1"},
		"input":      {func() (file, error) { return nil, syscall.EIO }, "451 4.3.0"},
		"dev full":   {func() (file, error) { return os.OpenFile("/dev/full", os.O_RDWR, 0) }, "452 4.3.1"},
		"good again": {func() (file, error) { return &brokenFile{room: 1 << 20, err: full}, nil }, "451 4.3.0"}, // cannot be read
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv, err := New(Options{Hostname: "mail.gateway.example", Acceptor: &taker{}, Limits: Limits{SpoolSession: 1 << 10}})
			if err != nil {
				t.Fatal(err)
			}
			srv.storage.create = tc.create
			conn := &script{in: strings.NewReader("EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n" +
				strings.Repeat("0123456789abcde\r\n", 10_000) + ".\r\nMAIL FROM:<a@b.example>\r\nQUIT\r\n")}
			newSession(srv, conn, clientAddr(conn), false, func() {}).run(t.Context())
			replies := strings.Split(conn.out.String(), "\r\n")
			got := replies[len(replies)-4:]
			if !strings.HasPrefix(got[0], tc.want) || !strings.HasPrefix(got[1], "250 2.1.0") || !strings.HasPrefix(got[2], "221") {
				t.Errorf("replies end with %q, want %s", got, tc.want)
			}
		})
	}
}

func TestCreateTempError(t *testing.T) {
	t.Parallel()
	if _, err := createTemp(filepath.Join(t.TempDir(), "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}

func TestSpoolReply(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		want message.Reply
	}{{errBare, replyBareLine}, {errTooBig, replyTooBig}, {io.ErrShortWrite, message.ReplyLocal}} {
		if got := spoolReply(tc.err); got != tc.want {
			t.Errorf("%v: %v", tc.err, got)
		}
	}
}
