package sqlite

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"sigill/internal/message"
	"sigill/internal/seal"
	"sigill/internal/store"
)

// body is a [message.Body] in memory.
type body string

func (b body) Open() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(string(b))), nil }
func (b body) Size() int64                  { return int64(len(b)) }
func (b body) SHA256() []byte               { s := sha256.Sum256([]byte(b)); return s[:] }

func itoa(n int) string { return strconv.Itoa(n) }

const killFolder = "SIGILL_TEST_KILL_FOLDER"

// TestMain lets the test binary be the program that is killed.
func TestMain(m *testing.M) {
	if folder := os.Getenv(killFolder); folder != "" {
		if err := victim(folder); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// victim stores messages from eight goroutines, says on standard output which are safe,
// and kills itself at some point of some write.
func victim(folder string) error {
	ring, err := seal.LoadKeyring(filepath.Join(folder, "ring"))
	if err != nil {
		return err
	}
	var mu sync.Mutex
	left := 20 + rand.IntN(400)
	s, err := Open(context.Background(), Options{
		Path: filepath.Join(folder, "db"), Dir: filepath.Join(folder, "payloads"), Inline: 2000, Ring: ring,
		Fault: func(point string) error {
			mu.Lock()
			defer mu.Unlock()
			if left--; left == 0 {
				p, err := os.FindProcess(os.Getpid())
				if err == nil {
					_ = p.Kill()
				}
				select {} // dead before it goes on
			}
			return nil
		},
	})
	if err != nil {
		return err
	}
	var out sync.Mutex
	for i := range 8 {
		go func() {
			for {
				id := message.NewID(s.now())
				m := message.New(id, "org", message.Envelope{To: make([]message.RcptTo, 2)}, s.now())
				e, err := m.Decide(s.now(), message.Decision{}, message.DefaultTerms(), nil)
				if err == nil {
					_, err = s.Create(context.Background(), store.New{
						Message: m, Body: body(strings.Repeat(string(id), 1+i*20)), Effects: store.Effects{Effects: e}})
				}
				if err == nil {
					out.Lock()
					fmt.Println(id) // what a 250 would say
					out.Unlock()
				}
			}
		}()
	}
	select {}
}

func TestNothingAnsweredIsLostWhenKilled(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	ring, err := seal.CreateKeyring(filepath.Join(folder, "ring"))
	if err != nil {
		t.Fatal(err)
	}
	answered := map[message.ID]bool{}
	for range 12 {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), killFolder+"="+folder)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err == nil || stderr.Len() > 0 {
			t.Fatalf("the program was not killed: %v\n%s", err, stderr.String())
		}
		for sc := bufio.NewScanner(bytes.NewReader(out)); sc.Scan(); {
			answered[message.ID(sc.Text())] = true
		}
	}
	if len(answered) < 20 {
		t.Fatalf("only %d messages were answered", len(answered))
	}
	s, err := Open(t.Context(), Options{
		Path: filepath.Join(folder, "db"), Dir: filepath.Join(folder, "payloads"), Inline: 2000, Ring: ring})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	checkWhole(t, s, answered)
}

// checkWhole looks at every message that is there: each must be whole, and those that
// were answered must be there.
func checkWhole(t *testing.T, s *Store, answered map[message.ID]bool) {
	t.Helper()
	found, err := s.Find(t.Context(), store.Query{Limit: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range found {
		delete(answered, m.ID)
		jobs, err := s.Waiting(t.Context(), m.ID, 0)
		if err != nil || len(jobs) != 1 || len(m.Recipients) != 2 {
			t.Errorf("message %s: %d jobs, %d recipients, %v", m.ID, len(jobs), len(m.Recipients), err)
		}
		if data := readBody(t, s, m.ID); !strings.HasPrefix(data, string(m.ID)) || int64(len(data)) != m.Size {
			t.Errorf("message %s has a body of %d octets, want %d", m.ID, len(data), m.Size)
		}
	}
	if len(answered) > 0 {
		t.Errorf("%d messages were answered and are lost", len(answered))
	}
}

func readBody(t *testing.T, s *Store, id message.ID) string {
	t.Helper()
	b, err := s.OpenBody(t.Context(), id, nil)
	if err != nil {
		t.Errorf("open body of %s: %v", id, err)
		return ""
	}
	r, err := b.Open()
	if err != nil {
		t.Errorf("open body of %s: %v", id, err)
		return ""
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Errorf("read body of %s: %v", id, err)
	}
	_ = r.Close()
	return string(data)
}
