package sandbox

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"sigill/internal/extract"
)

// TestConfined asks the kernel about a running child.
func TestConfined(t *testing.T) {
	t.Parallel()
	for _, memory := range []int64{0, 768 << 20, 2 << 30} {
		t.Run(strconv.FormatInt(memory, 10), func(t *testing.T) {
			t.Parallel()
			confinedTo(t, memory)
		})
	}
}

func confinedTo(t *testing.T, memory int64) {
	p := newPool(t, Options{Memory: memory})
	if memory == 0 {
		memory = defaultMemory
	}
	c := <-p.idle
	defer func() { p.idle <- c }()
	t.Logf("confinement: %+v, namespaces %v", c.confined, c.isolated)
	if c.confined.Memory != memory || !c.confined.Files || !c.confined.Processor {
		t.Errorf("confinement = %+v", c.confined)
	}
	for name, want := range map[int]uint64{unix.RLIMIT_DATA: uint64(memory), unix.RLIMIT_FSIZE: 0, unix.RLIMIT_CORE: 0} {
		var got unix.Rlimit
		if err := unix.Prlimit(c.cmd.Process.Pid, name, nil, &got); err != nil {
			t.Skipf("the kernel does not tell: %v", err)
		}
		if got.Max != want {
			t.Errorf("limit %d = %d, want %d", name, got.Max, want)
		}
	}
}

// TestDiesWithParent kills a gateway whose child does not even read its input.
func TestDiesWithParent(t *testing.T) {
	t.Parallel()
	cmd := exec.Command("/proc/self/exe", WorkerArg+"-parent")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Wait() }()
	defer func() { _ = cmd.Process.Kill() }()
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		t.Skipf("no pidfd here: %v", err)
	}
	defer unix.Close(fd)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	n, err := poll(fd, 20*time.Second)
	if err != nil || n != 1 {
		_ = unix.Kill(pid, unix.SIGKILL)
		t.Errorf("the child lives on: %d, %v", n, err)
	}
}

// poll waits until a process has ended.
func poll(fd int, d time.Duration) (int, error) {
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(d.Milliseconds()))
		if err != unix.EINTR {
			return n, err
		}
	}
}

// TestSignals: what a terminal or a supervisor sends to the whole group does not end a
// child while its parent still drains.
func TestSignals(t *testing.T) {
	t.Parallel()
	p := newPool(t, Options{})
	c := <-p.idle
	for _, s := range []unix.Signal{unix.SIGTERM, unix.SIGINT} {
		if err := unix.Kill(c.cmd.Process.Pid, s); err != nil {
			t.Fatal(err)
		}
	}
	p.idle <- c
	got, err := p.Parse(context.Background(), opener(withDocument(t, "nr 890102-2387")), extract.Limits{})
	if err != nil || !strings.Contains(texts(got), documentText) || p.Stats().Replaced != 0 {
		t.Errorf("%v, %+v", err, p.Stats())
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
	if landlockVersion() > 0 && !strings.Contains(got, "start=refused") {
		t.Errorf("starting a program was not refused: %s", got)
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
	_, start := os.StartProcess("/bin/true", []string{"true"}, &os.ProcAttr{})
	return &extract.Content{Segments: []extract.Segment{
		{Where: "write", Text: say(write), Attachment: -1}, {Where: "read", Text: say(read), Attachment: -1},
		{Where: "start", Text: say(start), Attachment: -1},
	}}
}

// TestLittleMemory: a child with the least that can be configured does its work.
func TestLittleMemory(t *testing.T) {
	t.Parallel()
	if raceEnabled {
		t.Skip("the race detector needs more")
	}
	p := newPool(t, Options{Memory: 256 << 20})
	c, err := p.Parse(context.Background(), opener(withDocument(t, "nr 890102-2387")), extract.Limits{})
	if err != nil || !strings.Contains(texts(c), documentText) || p.Stats().Replaced != 0 {
		t.Errorf("%v, %+v", err, p.Stats())
	}
}
