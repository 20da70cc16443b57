package extract

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigill/internal/extract/pdf"
)

// BenchmarkFormats reads a file of each format as an attachment, with a megabyte of text in most. All figures are of the text
// that was found, so that formats compare: MB/s, and ms/MB for who thinks in time.
//
//	go test -run '^$' -bench '^BenchmarkFormats$' ./internal/extract
//
// What no Go code here writes is made by LibreOffice, 7-Zip and bzip2, and passed over where they are not installed.
func BenchmarkFormats(b *testing.B) {
	if err := pdf.Default().Prepare(); err != nil {
		b.Fatal(err)
	}
	m := &fileMaker{dir: b.TempDir(), rows: benchRows(16000)}
	for _, f := range m.formats() {
		b.Run(f.name, func(b *testing.B) { benchFormat(b, f, m.made(b, f)) })
	}
}

// benchRows are lines of ordinary words and numbers, which differ. Each has the word that [benchFormat] counts.
func benchRows(n int) []string {
	r, words := rand.New(rand.NewPCG(1, 2)), ordinaryWords["sv"]
	word := func() string { return words[r.IntN(len(words))] }
	rows := make([]string, n)
	for i := range rows {
		rows[i] = fmt.Sprintf("Rad %d: %s %s %s, %s, belopp %d kr, referens %d", i, word(), word(), word(), word(), i*31, i*7919)
	}
	return rows
}

const rowWord = "referens "

// benchFormat measures one format, warm: the file was read once before the clock starts. A file of which any row is not found
// fails, so that nothing is fast by being read in part.
func benchFormat(b *testing.B, f format, data []byte) {
	msg := attached(f.file, data)
	rows := strings.Count(shownText(benchParse(b, msg), f.inside), rowWord)
	if rows != f.rows {
		b.Fatalf("found %d rows of %d", rows, f.rows)
	}
	text := float64(len(shownText(benchParse(b, msg), f.inside)))
	b.SetBytes(int64(text))
	b.ReportAllocs()
	for b.Loop() {
		if c := benchParse(b, msg); len(c.Unreadable) > 0 {
			b.Fatal(c.Unreadable)
		}
	}
	b.ReportMetric(1e9*b.Elapsed().Seconds()/float64(b.N)/text, "ms/MB")
}

// benchParse has more time than mail gets, for machines that are busy.
func benchParse(b *testing.B, msg string) *Content {
	c, err := Parser{PDF: pdf.Default()}.Parse(context.Background(), strings.NewReader(msg), Limits{Time: time.Minute})
	if err != nil {
		b.Fatal(err)
	}
	return c
}

// shownText is the text that was found in the attachment. Where a text has files in it, only theirs is wanted.
func shownText(c *Content, inside bool) string {
	var text strings.Builder
	for _, s := range c.Segments {
		if s.Kind != Hidden && strings.HasPrefix(s.Where, "att[") && (!inside || strings.Contains(s.Where, "!")) {
			text.WriteString(s.Text)
		}
	}
	return text.String()
}

// BenchmarkFormatsSmall reads the files of testdata/places, which are so small that theirs is mostly the cost of opening one.
func BenchmarkFormatsSmall(b *testing.B) {
	files, err := filepath.Glob("testdata/places/*.*")
	if err != nil {
		b.Fatal(err)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			b.Fatal(err)
		}
		name := filepath.Base(path)
		if name == "places.txt" {
			continue
		}
		b.Run(name, func(b *testing.B) {
			msg := attached(name, data)
			b.SetBytes(int64(len(shownText(benchParse(b, msg), false))))
			b.ReportAllocs()
			for b.Loop() {
				_ = benchParse(b, msg)
			}
		})
	}
}
