package testkit

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"
)

// SMS is one text message that the file provider wrote.
type SMS struct {
	To   string    `json:"to"`
	Text string    `json:"text"`
	Time time.Time `json:"time"`
}

// ReadSMS reads what the file provider has written so far, oldest first. A file that
// is not there yet holds nothing; an unfinished last line is left out.
func ReadSMS(t testing.TB, file string) []SMS {
	t.Helper()
	b, err := os.ReadFile(file)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		t.Fatalf("read texts: %v", err)
	}
	var all []SMS
	lines := bufio.NewScanner(bytes.NewReader(b[:bytes.LastIndexByte(b, '\n')+1]))
	for lines.Scan() {
		var s SMS
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatalf("read text %d: %v", len(all)+1, err)
		}
		all = append(all, s)
	}
	return all
}

// WaitSMS waits until the file holds n texts and returns them all. The provider is
// another part of the program, or another process, and a file gives no signal: this
// is the one helper that looks again and again.
func WaitSMS(t testing.TB, file string, n int) []SMS {
	t.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	end := time.NewTimer(Patience)
	defer end.Stop()
	for {
		if all := ReadSMS(t, file); len(all) >= n {
			return all
		}
		select {
		case <-look.C:
		case <-end.C:
			t.Fatalf("waited for %d texts, have %d", n, len(ReadSMS(t, file)))
		}
	}
}
