package policy

import (
	"strings"
	"testing"

	"sigill/internal/extract"
	"sigill/policies"
)

// BenchmarkHostile measures texts that are made of nothing but candidates.
func BenchmarkHostile(b *testing.B) {
	p, err := Parse("default.yaml", policies.Default, nil)
	if err != nil {
		b.Fatal(err)
	}
	const size = 1 << 20
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	for name, text := range map[string]string{
		"bsn in one line":    "bsn " + fill("999944393 "),
		"bsn in cells":       "bsn\t" + fill("999944393\t"),
		"bsn in rows":        "naam\tbsn\n" + fill("jan\t999944393\n"),
		"single digits":      fill("1 "),
		"personnummer":       fill("890102-2387 "),
		"times of one day":   fill("20190907-0029 "),
		"words that lead on": fill("faktura nr är nr är 890102-2387 "),
		"one digit":          fill("1"),
		"words of one list":  fill("lönelista "),
		"one endless word":   fill("patientendiagnos"),
		"health":             fill("patienten diabetes sjukskriven "),
		"iban":               fill("SE3550000000054910000003 "),
		"spaces":             fill("de     "),
		"tables, long lines": fill("x\t890102-2387\n" + strings.Repeat("y", 500) + "\n"),
		"combining marks":    fill("a\u0301\u0316"),
		"mrz":                fill("P<"),
	} {
		b.Run(name, func(b *testing.B) {
			for _, kind := range []extract.Kind{extract.Body, extract.AttachmentText} {
				in := Input{Now: today, Content: &extract.Content{Segments: []extract.Segment{{Where: "body/text", Kind: kind, Text: text, Attachment: -1}}}}
				b.Run(kind.String(), func(b *testing.B) {
					b.SetBytes(size)
					for b.Loop() {
						if _, _, err := p.Evaluate(b.Context(), in); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}
