package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"sigill/internal/config"
	"sigill/internal/testkit"
)

// program is this program as a process of its own.
func program(ctx context.Context, t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, self, args...)
	cmd.Env = append(os.Environ(), programEnv+"=1")
	return cmd
}

// configIn writes the scripts' configuration and policy into a folder.
func configIn(t *testing.T, hop string) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range defaultFiles(t) {
		data = strings.ReplaceAll(data, "$HOP", hop)
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "sigill.yaml")
}

// logged reads log lines until one has a text, and returns all of them.
func logged(t *testing.T, r *bufio.Reader, text string) string {
	t.Helper()
	var all strings.Builder
	for {
		line, err := r.ReadString('\n')
		all.WriteString(line)
		if err != nil {
			t.Fatalf("no %q: %v in\n%s", text, err, all.String())
		}
		if strings.Contains(line, `"msg":"`+text) {
			return line
		}
	}
}

// TestServe starts the program as a service manager does, has it read its policy again, and ends it.
func TestServe(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	file := configIn(t, testkit.NewSink(t, testkit.SinkOptions{}).Addr)
	cmd := program(ctx, t, "serve", "-c", file)
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	log := bufio.NewReader(pipe)
	line := logged(t, log, "sigill runs")
	var fields map[string]any
	if err := json.Unmarshal([]byte(line), &fields); err != nil || fields["smtp"] == "" || fields["portal"] == "" {
		t.Errorf("%v in %s", err, line)
	}
	signal := func(s os.Signal) {
		if err := cmd.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "policy.yaml"), []byte("version: 1\ntrigers: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	signal(syscall.SIGHUP)
	if line := logged(t, log, "policy refused; the old one stays"); !strings.Contains(line, "policy.yaml:2:1") {
		t.Error(line)
	}
	logged(t, log, "reloaded")
	signal(syscall.SIGTERM)
	logged(t, log, "sigill drains")
	if _, err := io.Copy(io.Discard, log); err != nil {
		t.Error(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}

// TestServeRefuses says that what is wrong stops the start, in one line that says what.
func TestServeRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, data, want string }{
		"a policy with a typo":        {"policy.yaml", "version: 1\ntrigers: []\n", `policy.yaml:2:1: `},
		"a configuration with a typo": {"sigill.yaml", "organisation:\n  nam: x\n", `sigill.yaml:2:3: `},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := configIn(t, "127.0.0.1:1")
			if err := os.WriteFile(filepath.Join(filepath.Dir(file), c.file), []byte(c.data), 0o600); err != nil {
				t.Fatal(err)
			}
			var out, errOut bytes.Buffer
			code := run([]string{"serve", "-c", file}, strings.NewReader(""), &out, &errOut)
			if code != exitFailure || !strings.HasPrefix(errOut.String(), "sigill: ") || !strings.Contains(errOut.String(), c.want) || out.Len() > 0 {
				t.Errorf("exit %d\n%s%s", code, out.String(), errOut.String())
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(file), "keyring")); err == nil {
				t.Error("a key ring was made")
			}
		})
	}
}

// TestReaderGone ends the program as `sigill ... | head -0` does: without a word.
func TestReaderGone(t *testing.T) {
	t.Parallel()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	var errOut bytes.Buffer
	cmd := program(t.Context(), t, "policy", "check")
	cmd.Stdout, cmd.Stderr = w, &errOut
	if err := cmd.Run(); err == nil || errOut.Len() > 0 {
		t.Errorf("%v, %q", err, errOut.String())
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func TestRoles(t *testing.T) {
	t.Parallel()
	if r := roles([]string{"smtpd", "worker"}); !r.SMTPD || r.Portal || !r.Worker {
		t.Errorf("%+v", r)
	}
}

func TestNewLog(t *testing.T) {
	t.Parallel()
	for format, want := range map[config.LogFormat]string{config.JSON: `"msg":"hello"`, config.Text: "msg=hello"} {
		var b bytes.Buffer
		newLog(&b, format, new(slog.LevelVar)).Info("hello")
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s: %s", format, b.String())
		}
	}
}
