package extract

import (
	"strings"
	"testing"
)

// TestChunks: a file that a document takes in is what the list of types says, whatever it is called.
func TestChunks(t *testing.T) {
	t.Parallel()
	inner := string(zipOf(t, docx("<w:p><w:r><w:t>8901</w:t></w:r><w:r><w:t>02-2387</w:t></w:r></w:p>")...))
	tests := []struct{ name, file, mime, text, where string }{
		{"HTML", "word/c.dat", "text/html", "8901<b>02</b>-2387", "word_c.dat"},
		{"HTML named as XML", "word/c.xml", "text/html", "<p>8901<b>02</b>-2387", "word_c.xml"},
		{"HTML named as text", "word/c.txt", "Text/HTML; charset=utf-8", "x 8901<b>02</b>-2387", "word_c.txt"},
		{"HTML like a message", "word/c.dat", "text/html", "MIME-Version: 1.0\n\n8901<b>02</b>-2387", "word_c.dat"},
		{"XHTML", "word/c.xml", "application/xhtml+xml", "<html><p>8901<b>02</b>-2387</p></html>", "word_c.xml"},
		{"text like HTML", "word/c.xml", "text/plain", "<p a='890102-2387'>", "word_c.xml"},
		{"RTF", "word/c.xml", "application/rtf", `{\rtf1 8901{\b 02}-2387}`, "word_c.xml"},
		{"RTF by its content", "word/c.xml", "application/xml", `{\rtf1 8901{\b 02}-2387}`, "word_c.xml"},
		{"document", "word/c.xml", "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml", inner, "word_c.xml"},
		{"message", "word/c.xml", "message/rfc822", "Subject: x\nContent-Type: text/html\n\n8901<b>02</b>-2387", "word_c.xml!body/html"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			types := strings.Replace(wordTypes, "</Types>", `<Override PartName="/`+tt.file+`" ContentType="`+tt.mime+`"/></Types>`, 1)
			files := docx("<w:p><w:r><w:t>x</w:t></w:r></w:p>", file{tt.file, tt.text})
			files[0].text = types
			c := parseLimits(t, attached("a.docx", zipOf(t, files...)), Limits{})
			checkContent(t, c, []Segment{{Where: "att[1]/a.docx!" + tt.where, Kind: AttachmentText, Text: "890102-2387"}}, nil, nil)
		})
	}
}
