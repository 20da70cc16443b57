package policy_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/internal/policy"
)

// BenchmarkEvaluateLarge reads a megabyte: many different mails put together, with every word that opens a pattern in it, and
// the sheet of a shop, which is mostly numbers.
func BenchmarkEvaluateLarge(b *testing.B) {
	const size = 1 << 20
	var mail, sheet strings.Builder
	for mail.Len() < size {
		for _, m := range ordinaryMail(b) {
			mail.WriteString(m.subject + "\n\n" + m.text + "\n\n")
		}
	}
	r := rand.New(rand.NewPCG(2, 3))
	for sheet.Len() < size {
		fmt.Fprintf(&sheet, "%d\t20%02d-%02d-%02d\tKarin Ekman\t0%d-%03d %02d %02d\t%d,%02d\t%d\n", 100000+r.IntN(900000),
			r.IntN(30), 1+r.IntN(12), 1+r.IntN(28), 8+r.IntN(60), r.IntN(1000), r.IntN(100), r.IntN(100), r.IntN(90000), r.IntN(100), r.IntN(50))
	}
	to, err := message.ParseAddress("a@b.example")
	if err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"default.yaml", "all-packs.yaml"} {
		p, err := policy.Load("../../policies/" + name)
		if err != nil {
			b.Fatal(err)
		}
		for kind, text := range map[string]string{"mail": mail.String()[:size], "sheet": sheet.String()[:size]} {
			b.Run(name+"/"+kind, func(b *testing.B) {
				in := policy.Input{Content: &extract.Content{Segments: []extract.Segment{{Where: "body/text", Kind: extract.Body, Text: text, Attachment: -1}}}}
				in.Envelope.To = []message.RcptTo{{Address: to}}
				b.SetBytes(size)
				for b.Loop() {
					if _, _, err := p.Evaluate(b.Context(), in); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
