package extract

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// place is one line of testdata/places/places.txt.
type place struct{ file, what, number, kind, where string }

func readPlaces(t testing.TB) map[string][]place {
	t.Helper()
	b, err := os.ReadFile("testdata/places/places.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]place{}
	for line := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) != 5 {
			continue // comments and empty lines
		}
		all[f[0]] = append(all[f[0]], place{f[0], f[1], f[2], f[3], strings.TrimPrefix(f[4], "-")})
	}
	return all
}

// TestPlaces reads files as offices send them, made by the programs that testdata/make.sh names: a number in plain sight and
// others in the least obvious places must be found at the right address, and nothing in them may count as not readable.
func TestPlaces(t *testing.T) {
	t.Parallel()
	all := readPlaces(t)
	files, err := filepath.Glob("testdata/places/*.*")
	if err != nil || len(files) < 45 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		name := filepath.Base(path)
		if name == "places.txt" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if len(all[name]) < 2 {
				t.Fatal("places.txt names fewer than two places")
			}
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			c := parseLimits(t, attached(name, b), Limits{})
			for _, p := range all[name] {
				if !p.in(c) {
					t.Errorf("%s: no %s with %s at %q", p.what, p.kind, p.number, p.where)
				}
			}
			for _, u := range c.Unreadable {
				if (u.Detail != "UTF-16 without a mark" || !strings.HasPrefix(name, "utf16")) && (u.Detail != activeContent || name != "bild.svg") {
					t.Errorf("not read: %v", u)
				}
			}
		})
	}
}

func (p place) in(c *Content) bool {
	for _, s := range c.Segments {
		if s.Where == "att[1]/"+p.file+p.where && s.Kind.String() == p.kind && strings.Contains(s.Text, p.number) {
			return true
		}
	}
	return false
}

// TestCutOff: a packed file that ends too early is not taken for the whole.
func TestCutOff(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"arkiv.tar.gz", "arkiv.tar.bz2", "arkiv.tar.xz", "namn.gz", "slides.ppt.gz", "arkiv.7z", "arkiv.zip", "arkiv4.rar", "arkiv5.rar", "text.docx", "text.odt", "text.doc", "sheet.xls", "text.rtf", "winmail.dat", "brev.msg"} {
		b, err := os.ReadFile("testdata/places/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for _, share := range []int{50, 80, 95} {
			c := parseLimits(t, attached(name, b[:len(b)*share/100]), Limits{})
			found := false
			for _, u := range c.Unreadable {
				found = found || u.Reason == Corrupt || u.Reason == Ambiguous
			}
			if !found {
				t.Errorf("%d %% of %s: findings %v", share, name, c.Unreadable)
			}
		}
	}
}

// TestFindingsOfAllReasons: many findings of one kind do not hide one of another.
func TestFindingsOfAllReasons(t *testing.T) {
	t.Parallel()
	var files []file
	for i := range 3 * maxFindings {
		files = append(files, file{fmt.Sprintf("%d.png", i), "\x89PNG\r\n\x1a\n" + strings.Repeat("x", 10)})
	}
	files = append(files, file{"a.docx", "PK\x03\x04 damaged"})
	c := parseLimits(t, attached("a.zip", zipOf(t, files...)), Limits{})
	if n := len(c.Unreadable); n != maxFindings+1 || c.Unreadable[n-1].Reason != Corrupt {
		t.Errorf("%d findings, the last %v", n, c.Unreadable[n-1])
	}
}
