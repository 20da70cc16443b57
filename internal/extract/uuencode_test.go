package extract

import (
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
