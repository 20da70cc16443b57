package policy_test

import (
	"strings"
	"testing"

	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/internal/policy"
)

// BenchmarkEvaluateMixed reads a megabyte that many different mails were put together to: every word that opens a pattern is
// in it.
func BenchmarkEvaluateMixed(b *testing.B) {
	var text strings.Builder
	for _, m := range ordinaryMail(b) {
		if text.Len() < 1<<20 {
			text.WriteString(m.subject + "\n\n" + m.text + "\n\n")
		}
	}
	to, err := message.ParseAddress("a@b.example")
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"default.yaml", "all-packs.yaml"} {
		b.Run(name, func(b *testing.B) {
			p, err := policy.Load("../../policies/" + name)
			if err != nil {
				b.Fatal(err)
			}
			in := policy.Input{Content: &extract.Content{Segments: []extract.Segment{{Where: "body/text", Kind: extract.Body, Text: text.String(), Attachment: -1}}}}
			in.Envelope.To = []message.RcptTo{{Address: to}}
			b.SetBytes(int64(text.Len()))
			for b.Loop() {
				if _, _, err := p.Evaluate(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
