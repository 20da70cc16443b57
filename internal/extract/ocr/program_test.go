package ocr

import (
	"bytes"
	"context"
	"errors"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sigill/internal/testkit/drawn"
)

const pnr = "890102-2387"

// tesseract is the one that tools/need.sh installs.
func tesseract(t testing.TB, languages ...string) *Program {
	t.Helper()
	p, err := Find(context.Background(), "tesseract", languages)
	if err != nil {
		t.Fatalf("%v; see tools/need.sh", err)
	}
	return &p
}

func readGray(t testing.TB, p *Program, g *image.Gray) *Result {
	t.Helper()
	pic := FromGray(g)
	r, err := p.Read(context.Background(), pic.Width, pic.Height, bytes.NewReader(pic.Pixels))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// turned is a picture on its side.
func turned(g *image.Gray) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, g.Rect.Dy(), g.Rect.Dx()))
	for y := range g.Rect.Dy() {
		for x := range g.Rect.Dx() {
			out.SetGray(g.Rect.Dy()-1-y, x, g.GrayAt(x, y))
		}
	}
	return out
}

func TestRead(t *testing.T) {
	t.Parallel()
	p := tesseract(t, "swe", "eng")
	small := drawn.Text(t, 12, "Hej Anna,", "patientens personnummer är "+pnr+".", "Ring mig på måndag.")
	// Which way a page is turned is told by some dozens of letters at least, where it stands on its head.
	letter := drawn.Text(t, 24, "Hej Anna,", "patientens personnummer är "+pnr+".", "Ring mig på måndag, eller svara på det här brevet så",
		"snart som möjligt. Provsvaren har kommit, och läkaren vill", "gärna tala med dig om dem innan hon går på semester.")
	for name, g := range map[string]*image.Gray{
		"of a screen": small, "large": drawn.Text(t, 40, "Personnummer: "+pnr), "turned": turned(small), "turned over": turned(turned(letter)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := readGray(t, p, g)
			if !strings.Contains(r.Text, pnr) || !r.Legible() {
				t.Errorf("%+v", r)
			}
		})
	}
	t.Run("nothing there", func(t *testing.T) {
		t.Parallel()
		if r := readGray(t, p, checkered(600, 400)); r.Legible() {
			t.Errorf("%+v", r)
		}
	})
}

// stub is a program that is no tesseract.
func stub(t *testing.T, script string) *Program {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tesseract")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return &Program{Path: path, Languages: []string{"swe"}}
}

const tableHead = `printf 'level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n'`

func TestStubs(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, script string
		want         error
	}{
		{"works", `cat >/dev/null; ` + tableHead, nil},
		{"does not read", tableHead, nil},
		{"dies", `cat >/dev/null; ` + tableHead + `; exit 1`, ErrFailed},
		{"is killed", `kill -9 $$`, ErrFailed},
		{"prints nothing", `cat >/dev/null`, ErrFailed},
		{"prints noise", `cat >/dev/null; head -c 1000 /dev/urandom`, ErrFailed},
		{"prints too much", tableHead + `; yes`, ErrFailed},
		{"hangs", `sleep 1000`, ErrTime},
		{"hangs with children", `sleep 1000 & sleep 1000 & wait`, ErrTime},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			if errors.Is(test.want, ErrTime) {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 300*time.Millisecond)
				defer cancel()
			}
			pic := FromGray(checkered(2000, 1000))
			r, err := stub(t, test.script).Read(ctx, pic.Width, pic.Height, bytes.NewReader(pic.Pixels))
			if !errors.Is(err, test.want) || (err == nil) != (r != nil) {
				t.Errorf("%+v, %v, want %v", r, err, test.want)
			}
		})
	}
}

// TestShortPixels: a picture that has fewer pixels than it says is not read.
func TestShortPixels(t *testing.T) {
	t.Parallel()
	pic := FromGray(checkered(2000, 1000))
	for _, packed := range [][]byte{nil, pic.Pixels[:len(pic.Pixels)/2], []byte("no deflate")} {
		if r, err := stub(t, `cat >/dev/null; `+tableHead).Read(context.Background(), pic.Width, pic.Height, bytes.NewReader(packed)); err == nil {
			t.Errorf("%+v", r)
		}
	}
	if _, err := stub(t, tableHead).Read(context.Background(), 1<<20, 1<<20, nil); !errors.Is(err, ErrFailed) {
		t.Error(err)
	}
}

// TestGivenFile: what the program gets is a graymap that was written here, and nothing else.
func TestGivenFile(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "given")
	pic := FromGray(checkered(2000, 1000))
	if _, err := stub(t, `cat >`+out+`; env >`+out+`.env; `+tableHead).Read(context.Background(), pic.Width, pic.Height, bytes.NewReader(pic.Pixels)); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if want := append([]byte("P5\n2000 1000\n255\n"), pixels(t, pic)...); !bytes.Equal(got, want) {
		t.Errorf("%d bytes, begins with %.30q", len(got), got)
	}
	env, err := os.ReadFile(out + ".env")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(env), "OMP_THREAD_LIMIT=1") || strings.Contains(string(env), "HOME=") {
		t.Errorf("environment: %s", env)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	p := tesseract(t, "swe", "nld")
	if !filepath.IsAbs(p.Path) || !filepath.IsAbs(p.Data) || !p.Turns || p.Version == "" {
		t.Errorf("%+v", p)
	}
	for _, test := range []struct{ name, script, want string }{
		{"missing", "", "is not there; on Debian, install tesseract-ocr"},
		{"old", "echo tesseract 3", "this is no tesseract of version 4 or later"},
		{"fails", "exit 1", "exit status 1"},
		{"languages", `echo 'List of available languages in "/d/" (2):'; echo eng; echo osd`, "has no language swe, only eng, osd; on Debian, install tesseract-ocr-swe"},
	} {
		name := filepath.Join(t.TempDir(), "nosuch")
		if test.script != "" {
			name = stub(t, test.script).Path
		}
		if _, err := Find(context.Background(), name, []string{"swe"}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	page := make([]string, 40)
	for i := range page {
		page[i] = "Patientens personnummer är " + pnr + ", och hon ringer i morgon om provsvaren."
	}
	for _, languages := range [][]string{{"swe"}, {"swe", "nld", "eng"}} {
		p := tesseract(b, languages...)
		for name, g := range map[string]*image.Gray{
			"line": drawn.Text(b, 14, "Personnummer: "+pnr), "page": drawn.Text(b, 32, page...), "photo": checkered(1600, 1200),
		} {
			pic := FromGray(g)
			b.Run(strings.Join(languages, "+")+"/"+name, func(b *testing.B) {
				for b.Loop() {
					if _, err := p.Read(context.Background(), pic.Width, pic.Height, bytes.NewReader(pic.Pixels)); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
