package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"sigill/internal/testkit/hostile"
)

// TestHostile: with the policy that comes with the program, no message that attacks its reader passes as ordinary mail.
func TestHostile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := 0
	for _, m := range hostile.Messages() {
		if m.Kills && runtime.GOOS != "linux" {
			continue // without a limit on memory it would take what it asks for
		}
		if err := os.WriteFile(filepath.Join(dir, m.Name+".eml"), m.Raw(), 0o600); err != nil {
			t.Fatal(err)
		}
		want++
	}
	var out, errOut bytes.Buffer
	if code := run([]string{"check", "--json", dir}, strings.NewReader(""), &out, &errOut); code != exitDone {
		t.Fatalf("exit %d: %s", code, errOut.String())
	}
	judged := judgements(t, &out)
	if len(judged) != want {
		t.Errorf("%d of %d were judged", len(judged), want)
	}
	for name, j := range judged {
		if j.Verdict != "level1" && j.Verdict != "level2" {
			t.Errorf("%s: verdict %s", name, j.Verdict)
		}
	}
}
