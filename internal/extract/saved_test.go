package extract

import (
	"strings"
	"testing"
)

// TestSavedMessage: a message is known by its fields, whatever its name, and read as the text that others show too.
func TestSavedMessage(t *testing.T) {
	t.Parallel()
	const secret = "personnummer 890102-2387"
	coded := "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines76([]byte(secret)) + "\r\n"
	mail := "From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\nDate: Mon, 1 Jun 2026 10:00:00 +0200\r\n" + coded
	inside := func(where string) []Segment {
		return []Segment{{Where: where + "!body/text", Kind: AttachmentText, Text: secret}}
	}
	tests := []struct {
		name, file, text string
		want             []Segment
	}{
		{"named as text", "brev.txt", mail, append(inside("att[1]/brev.txt"), Segment{Where: "att[1]/brev.txt", Kind: Hidden, Text: "From: a@b.example"})},
		{"without a known name", "brev.bin", mail, inside("att[1]/brev.bin")},
		{"another first field", "brev.bin", "X-Own: 1\r\nUser-Agent: y\r\n" + mail, inside("att[1]/brev.bin")},
		{"blank lines before it", "brev.txt", "\r\n\r\n" + mail, inside("att[1]/brev.txt")},
		{"a line that is no field", "brev.txt", "From: a@b.example\r\nSubject: x\r\nhej hopp\r\n" + coded, nil},
		{"fields of a part alone", "brev.txt", coded, inside("att[1]/brev.txt")},
		{"in an archive", "a.zip", string(zipOf(t, file{"brev.dat", mail})), inside("att[1]/a.zip!brev.dat")},
		{"in a document", "a.docx", string(zipOf(t, docx("", file{"word/embeddings/o.bin", mail})...)), inside("att[1]/a.docx!word_embeddings_o.bin")},
		{"encoded subject", "a.txt", "From: a@b.example\r\nSubject: =?utf-8?b?" + strings.TrimSpace(lines76([]byte(secret))) + "?=\r\n\r\nhej\r\n", []Segment{{Where: "att[1]/a.txt!subject", Kind: AttachmentText, Text: secret}}},
		{"quoted mail is text", "a.txt", "From: A\r\nSent: today\r\nTo: B\r\nSubject: x\r\n\r\n" + secret, []Segment{{Where: "att[1]/a.txt", Kind: AttachmentText, Text: secret}, {Where: "att[1]/a.txt", Kind: AttachmentText, Text: "Sent: today"}}},
		{"text that only looks like one", "a.txt", "Subject: x\r\nContent-Type: text/html\r\n\r\n<" + secret + ">", []Segment{{Where: "att[1]/a.txt", Kind: Hidden, Text: "<" + secret + ">"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached(tt.file, []byte(tt.text)), Limits{})
			found := c.Unreadable
			if tt.want != nil {
				found = nil
			}
			checkContent(t, c, tt.want, nil, found)
			if strings.Contains(tt.name, "no field") && !strings.Contains(dump(c), secret) {
				t.Errorf("lost:\n%s", dump(c))
			}
		})
	}
}
