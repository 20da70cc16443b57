package sandbox

import (
	"context"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"sigill/internal/extract"
)

// TestConfined asks the kernel about a running child.
func TestConfined(t *testing.T) {
	t.Parallel()
	p := newPool(t, Options{})
	c := <-p.idle
	defer func() { p.idle <- c }()
	t.Logf("confinement: %+v, namespaces %v", c.confined, c.isolated)
	if c.confined.Memory != memoryLimit || !c.confined.Files || !c.confined.Processor {
		t.Errorf("confinement = %+v", c.confined)
	}
	for name, want := range map[int]uint64{unix.RLIMIT_DATA: memoryLimit, unix.RLIMIT_FSIZE: 0, unix.RLIMIT_CORE: 0} {
		var got unix.Rlimit
		if err := unix.Prlimit(c.cmd.Process.Pid, name, nil, &got); err != nil {
			t.Skipf("the kernel does not tell: %v", err)
		}
		if got.Max != want {
			t.Errorf("limit %d = %d, want %d", name, got.Max, want)
		}
	}
}

// TestMemoryLimit: a child that takes too much dies, and its message is unreadable.
func TestMemoryLimit(t *testing.T) {
	t.Parallel()
	p := newPool(t, Options{}, WorkerArg+"-greedy")
	c, err := p.Parse(context.Background(), opener(withDocument(t, "x")), extract.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Unreadable) != 1 || c.Unreadable[0].Reason != extract.Timeout {
		t.Errorf("findings = %v", c.Unreadable)
	}
}

// TestNoWrites: a child cannot leave anything on disk, and with landlock it cannot even
// read.
func TestNoWrites(t *testing.T) {
	t.Parallel()
	p := newPool(t, Options{}, WorkerArg+"-files", t.TempDir())
	c, err := p.Parse(context.Background(), opener(withDocument(t, "x")), extract.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	got := texts(c)
	if !strings.Contains(got, "write=refused") {
		t.Errorf("writing was not refused: %s", got)
	}
	if landlockVersion() > 0 && !strings.Contains(got, "read=refused") {
		t.Errorf("reading was not refused: %s", got)
	}
}

// tryFiles is a child that tries what it must not be able to do.
func tryFiles(dir string) *extract.Content {
	say := func(err error) string {
		if err != nil {
			return "refused"
		}
		return "done"
	}
	write := os.WriteFile(dir+"/out", []byte("content"), 0o600)
	_, read := os.ReadFile("/etc/passwd")
	return &extract.Content{Segments: []extract.Segment{
		{Where: "write", Text: say(write), Attachment: -1}, {Where: "read", Text: say(read), Attachment: -1},
	}}
}
