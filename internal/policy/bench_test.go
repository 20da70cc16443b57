package policy

import (
	"fmt"
	"strings"
	"testing"

	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/policies"
)

// benchText is ordinary mail of about n bytes in three languages.
func benchText(n int) string {
	lines := []string{
		"Hej Anna, tack för senast. Här kommer underlaget inför mötet på tisdag klockan 13.30 i sal B12.",
		"Kunt u mij laten weten of de afspraak van 12-04-2026 doorgaat? Ons kenmerk is 2026/118.",
		"Please find the minutes attached; the invoice 20260412 was paid, ref 4711-22, order 890102-2385.",
		"Med vänlig hälsning\nKarin Berg\nTel 08-123 45 67, mobil 070-123 45 67\nOrg.nr 556934-5050",
		"De vergadering over het nieuwe rooster is verplaatst naar woensdag; neem gerust contact op.",
	}
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(lines[i%len(lines)])
		b.WriteByte('\n')
	}
	return b.String()
}

func BenchmarkEvaluate(b *testing.B) {
	p, err := Parse("default.yaml", policies.Default, nil)
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range []int{4 << 10, 64 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("%dKB", size>>10), func(b *testing.B) {
			in := Input{Now: today, Content: &extract.Content{Segments: []extract.Segment{{Where: "body/text", Kind: extract.Body, Text: benchText(size), Attachment: -1}}}}
			to, _ := message.ParseAddress("a@b.example")
			in.Envelope.To = []message.RcptTo{{Address: to}}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := p.Evaluate(b.Context(), in); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	for b.Loop() {
		if _, err := Parse("default.yaml", policies.Default, nil); err != nil {
			b.Fatal(err)
		}
	}
}
