package extract

import (
	"context"
	"strings"
	"testing"
	"time"
)

// parseString parses a message written with LF, turned into the wire form.
func parseString(t testing.TB, msg string) *Content {
	t.Helper()
	return parseLimits(t, strings.ReplaceAll(msg, "\n", "\r\n"), Limits{})
}

func parseLimits(t testing.TB, raw string, lim Limits) *Content {
	t.Helper()
	if lim.Time == 0 {
		lim.Time = time.Minute // a busy machine is no finding
	}
	c, err := Parse(context.Background(), strings.NewReader(raw), lim)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return c
}

func dump(c *Content) string {
	var b strings.Builder
	for _, s := range c.Segments {
		text := s.Text
		if len(text) > 300 {
			text = text[:300] + "…"
		}
		b.WriteString(s.Kind.String() + " @ " + s.Where + ": " + strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\n", "⏎") + "\n")
	}
	for _, u := range c.Unreadable {
		b.WriteString("? " + u.Where + " " + string(u.Reason) + ": " + u.Detail + "\n")
	}
	return b.String()
}

var benchText = "From: Anna Svensson <anna@exempel.example>\r\nTo: Bo Berg <bo@annan.example>\r\nSubject: =?utf-8?q?M=C3=B6te_p=C3=A5_torsdag?=\r\n" +
	"Date: Mon, 2 Nov 2026 10:11:12 +0100\r\nMessage-ID: <abc@exempel.example>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n" +
	"Content-Transfer-Encoding: 8bit\r\nReceived: from a by b; Mon, 2 Nov 2026 10:11:12 +0100\r\nX-Mailer: Test\r\n\r\n" +
	strings.Repeat("Hej, vi ses på torsdag klockan tio i det stora rummet, ta med underlaget.\r\n", 50)

func BenchmarkParse4K(b *testing.B) {
	b.SetBytes(int64(len(benchText)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(context.Background(), strings.NewReader(benchText), Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseHTML50K(b *testing.B) {
	row := "<tr><td style=\"font-family:Arial\"><p class=MsoNormal>Hej <b>där</b>&nbsp;du</p></td><td><a href=\"https://www.exempel.example/a?b=c\">länk</a></td></tr>\r\n"
	msg := "Content-Type: text/html; charset=utf-8\r\n\r\n<html><body><table>" + strings.Repeat(row, 50<<10/len(row)) + "</table></body></html>"
	b.SetBytes(int64(len(msg)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(context.Background(), strings.NewReader(msg), Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse1M(b *testing.B) {
	msg := benchText + strings.Repeat("En rad till med text som inte betyder något alls, 12345.\r\n", 18000)
	b.SetBytes(int64(len(msg)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(context.Background(), strings.NewReader(msg), Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkParsePlain4K is what ordinary mail costs: it never meets the second reading.
func BenchmarkParsePlain4K(b *testing.B) {
	b.SetBytes(int64(len(benchText)))
	b.ReportAllocs()
	for b.Loop() {
		_, needs, err := ParsePlain(context.Background(), strings.NewReader(benchText), Limits{})
		if err != nil || needs {
			b.Fatal(needs, err)
		}
	}
}
