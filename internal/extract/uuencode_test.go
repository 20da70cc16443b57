package extract

import (
	"slices"
	"strings"
	"testing"
)

// BenchmarkInline looks for encoded files in texts that hold none; the second is made to be slow.
func BenchmarkInline(b *testing.B) {
	for _, text := range []struct{ name, text string }{
		{"prose", strings.Repeat("Bästa brukare, bifogat finns beslutet om bostad.\n", 20_000)},
		{"begins", strings.Repeat("b\n", 1<<19)},
	} {
		b.Run(text.name, func(b *testing.B) {
			b.SetBytes(int64(len(text.text)))
			for b.Loop() {
				if at, _ := nextInline(text.text); at >= 0 {
					b.Fatal("found a file")
				}
			}
		})
	}
}

// TestInlineBlanks: lines whose blanks are lost unpack to much more than they are, but to no more than the limit.
func TestInlineBlanks(t *testing.T) {
	t.Parallel()
	text := "Content-Type: text/plain\r\n\r\nbegin 644 a.bin\n" + strings.Repeat("M\n", 2000) + "`\nend\n"
	for _, tt := range []struct {
		spool int64
		found []Unreadable
	}{{0, nil}, {50_000, []Unreadable{{"body/text", TooLarge, "attachment larger than the limit"}}}} {
		c := parseLimits(t, text, Limits{Spool: tt.spool})
		got := slices.DeleteFunc(slices.Clone(c.Unreadable), func(u Unreadable) bool { return u.Reason != TooLarge && u.Reason != Corrupt })
		if !slices.Equal(got, tt.found) {
			t.Errorf("limit %d: %v", tt.spool, c.Unreadable)
		}
	}
}
