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

// TestSavedWide: a message that an editor saved in UTF-16 is read as one, whatever its name.
func TestSavedWide(t *testing.T) {
	t.Parallel()
	const secret = "personnummer 890102-2387"
	mail := "From: a@b.example\r\nTo: c@d.example\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines76([]byte(secret)) + "\r\n"
	little, big := wide(mail), swapped(wide(mail))
	tests := []struct{ name, file, data, where string }{
		{"with its name", "brev.eml", "\xff\xfe" + little, "att[1]/brev.eml"},
		{"with its name, without a mark", "brev.eml", little, "att[1]/brev.eml"},
		{"as text", "brev.txt", "\xff\xfe" + little, "att[1]/brev.txt"},
		{"as text, without a mark", "brev.txt", big, "att[1]/brev.txt"},
		{"as anything", "brev.bin", "\xfe\xff" + big, "att[1]/brev.bin"},
		{"as mail of Outlook", "brev.msg", "\xfe\xff" + big, "att[1]/brev.msg"},
		{"as anything, without a mark", "brev", little, "att[1]/brev"},
		{"in an archive", "a.zip", string(zipOf(t, file{"brev.dat", "\xff\xfe" + little})), "att[1]/a.zip!brev.dat"},
		{"in a mailbox", "a.mbox", "\xff\xfe" + wide("From a@b.example Mon Nov 23 10:00:00 2026\r\n"+mail), "att[1]/a.mbox!1.eml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached(tt.file, []byte(tt.data)), Limits{})
			var found []Unreadable
			if strings.HasSuffix(tt.name, "without a mark") {
				found = []Unreadable{{tt.where, Ambiguous, withoutMark}}
			}
			checkContent(t, c, []Segment{{Where: tt.where + "!body/text", Kind: AttachmentText, Text: secret}}, nil, found)
		})
	}
	page := parseLimits(t, attached("a.txt", []byte("\xff\xfe"+wide("<html><p>8901<b>02</b>-2387"))), Limits{})
	checkContent(t, page, []Segment{{Where: "att[1]/a.txt", Kind: AttachmentText, Text: "890102-2387"}}, nil, nil)
}

// swapped turns the octets of each pair round.
func swapped(s string) string {
	b := []byte(s)
	for i := 0; i+1 < len(b); i += 2 {
		b[i], b[i+1] = b[i+1], b[i]
	}
	return string(b)
}
