package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// number is one in the name of a file, which an address shows masked.
var number = regexp.MustCompile(`\d{6}-\d\d(\d\d)`)

const placesDir = "../../internal/extract/testdata/places"

// TestPlaces attaches each file of internal/extract/testdata/places to a message and holds what `check --json` finds, with
// the policy that comes with the program, against places.txt beside them: at each address at least as many numbers as there are.
func TestPlaces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	want := map[string]map[string]int{}
	for name, at := range placesWanted(t) {
		writeMessage(t, dir, name)
		want[name] = at
	}
	var out, errOut bytes.Buffer
	if code := run([]string{"check", "--json", dir}, strings.NewReader(""), &out, &errOut); code != exitDone {
		t.Fatalf("exit %d: %s", code, errOut.String())
	}
	for dec := json.NewDecoder(&out); dec.More(); {
		var j struct {
			File     string `json:"file"`
			Verdict  string `json:"verdict"`
			Findings []struct {
				Rule  string `json:"rule"`
				Where string `json:"where"`
				Count int    `json:"count"`
			} `json:"findings"`
		}
		if err := dec.Decode(&j); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(j.File), ".eml")
		got := map[string]int{}
		for _, f := range j.Findings {
			if f.Rule == "personnummer" {
				got[f.Where] += f.Count
			}
		}
		if j.Verdict != "level2" {
			t.Errorf("%s: verdict %s", name, j.Verdict)
		}
		for where, n := range want[name] {
			if got[where] < n {
				t.Errorf("%s: %d numbers at %s, want %d; found %v", name, got[where], where, n, got)
			}
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("%s: not judged", name)
	}
}

// placesWanted counts the numbers at each address, by file.
func placesWanted(t *testing.T) map[string]map[string]int {
	t.Helper()
	b, err := os.ReadFile(placesDir + "/places.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]int{}
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != 5 {
			continue // comments and empty lines
		}
		if want[f[0]] == nil {
			want[f[0]] = map[string]int{}
		}
		if f[1] != "link" { // what stands in an address of the web is outside the scope of rules, unless they ask for it
			want[f[0]][number.ReplaceAllString("att[1]/"+f[0]+strings.TrimPrefix(f[4], "-"), "******-**$1")]++
		}
	}
	return want
}

// writeMessage writes a message with the file attached, as a program that knows no types sends it.
func writeMessage(t *testing.T, dir, name string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(placesDir, name))
	if err != nil {
		t.Fatal(err)
	}
	writeData(t, dir, name, b)
}

// writeData writes a message with a file of that name.
func writeData(t *testing.T, dir, name string, b []byte) {
	t.Helper()
	var lines strings.Builder
	for s := base64.StdEncoding.EncodeToString(b); s != ""; {
		n := min(76, len(s))
		lines.WriteString(s[:n] + "\r\n")
		s = s[n:]
	}
	raw := fmt.Sprintf("From: anna@kommunen.example\r\nTo: bo@mottagare.example\r\nSubject: Underlag\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\nContent-Type: text/plain\r\n\r\nSe bilaga\r\n--B\r\n"+
		"Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=%q\r\n"+
		"Content-Transfer-Encoding: base64\r\n\r\n%s--B--\r\n", name, lines.String())
	if err := os.WriteFile(filepath.Join(dir, name+".eml"), []byte(raw), 0o600); err != nil {
		t.Fatal(err)
	}
}
