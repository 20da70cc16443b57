package extract

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestEvil is mail that programs read differently. Each hides a number in the reading that
// one of them would miss; it must be found, at the given place, and the findings are all that
// is said about the mail.
func TestEvil(t *testing.T) {
	t.Parallel()
	const secret = "890102-2387"
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	hidden := b64("nr " + secret + ".")
	mixed := func(parts ...string) string {
		return "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"B\"\n\n--B\n" + strings.Join(parts, "\n--B\n") + "\n--B--\n"
	}
	differ := Unreadable{"message", Ambiguous, readDifferently}
	lost := Unreadable{"message", Ambiguous, notUnderstood}
	tests := []struct {
		name  string
		msg   string
		where string // of a segment that holds the number
		found []Unreadable
	}{
		{"encoding twice, base64 last", "Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: base64\n\n" + hidden, "reading[3]/base64[1]", []Unreadable{{"body/text", Ambiguous, "two Content-Transfer-Encoding fields"}}},
		{"encoding twice, base64 first", "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit\n\nnr 890102-2387 in clear", "body/text", []Unreadable{{"body/text", Ambiguous, "two Content-Transfer-Encoding fields"}}},
		{"boundary twice in one field", "Content-Type: multipart/mixed; boundary=A; boundary=B\n\n--A\n\nhej\n--A--\n--B\n\nnr " + secret + "\n--B--\n", "epilogue", []Unreadable{{"multipart", Ambiguous, "malformed Content-Type"}}},
		{"two multipart types", "Content-Type: multipart/mixed; boundary=A\nContent-Type: multipart/mixed; boundary=B\n\n--B\nContent-Transfer-Encoding: base64\n\n" + hidden + "\n--B--\n--A\n\nhej\n--A--\n", "reading[3]/base64[1]", []Unreadable{{"multipart", Ambiguous, "two Content-Type fields"}}},
		{"encoding with a comment", "Content-Transfer-Encoding: base64 (x)\n\n" + hidden, "body/text", []Unreadable{{"body/text", Ambiguous, "unknown transfer encoding"}, differ}},
		{"encoding in quotes", "Content-Transfer-Encoding: \"base64\"\n\n" + hidden, "body/text", []Unreadable{{"body/text", Ambiguous, "unknown transfer encoding"}, differ}},
		{"unknown encoding that some know", "Content-Transfer-Encoding: base-64\n\n" + hidden, "reading[3]/base64[1]", []Unreadable{{"body/text", Ambiguous, "unknown transfer encoding"}}},
		{"base64 behind the padding", "Content-Transfer-Encoding: base64\n\n" + b64("hej du") + "\n" + b64("hi you") + "\n" + b64("hallo") + "\n" + hidden, "body/text", []Unreadable{{"body/text", Ambiguous, "base64 with other text in it"}, differ}},
		{"text behind the padding", "Content-Transfer-Encoding: base64\n\n" + b64("hejsan") + "\n" + b64("hello") + "\nnr " + secret + "\n", "body/text", nil},
		{"base64 broken by signs", "Content-Transfer-Encoding: base64\n\n" + strings.Join(strings.Split(hidden, ""), "!") + "\n", "body/text", []Unreadable{{"body/text", Ambiguous, "base64 with other text in it"}}},
		{"message in base64", mixed("\na", "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n"+b64("Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n"+hidden+"\r\n")), "att[1]!body/text", nil},
		{"boundary with text behind it", mixed("\na\n--B x\nContent-Transfer-Encoding: base64\n\n" + hidden), "reading[2]/body/text[2]", []Unreadable{{"multipart", Ambiguous, "line that resembles a boundary"}, differ}},
		{"preamble with a part in it", "Content-Type: multipart/mixed; boundary=B\n\n--b\nContent-Transfer-Encoding: base64\n\n" + hidden + "\n--B\n\na\n--B--\n", "reading[3]/base64[1]", nil},
		{"epilogue", mixed("\na") + "nr " + secret + "\n", "epilogue", nil},
		{"epilogue with a part in it", mixed("\na") + "--B\n\nnr " + secret + "\n--B--\n", "epilogue", nil},
		{"no boundary", "Content-Type: multipart/mixed\n\n--B\nContent-Transfer-Encoding: base64\n\n" + hidden + "\n--B--\n", "reading[3]/base64[1]", []Unreadable{{"multipart", Ambiguous, "multipart without a usable boundary"}, differ}},
		{"a text that has a boundary", "Content-Type: text/plain; boundary=B\n\na\n--B\nContent-Transfer-Encoding: base64\n\n" + hidden + "\n--B--\n", "reading[3]/base64[1]", nil},
		{"a file that has a boundary", mixed("\na", "Content-Type: application/x-thing; boundary=C\n\n--C\nContent-Transfer-Encoding: base64\n\n"+hidden+"\n--C--\n"), "reading[2]/body/text[2]", []Unreadable{differ}},
		{"name of the first field folded", "Content-Transfer-\n Encoding: base64\n\n" + hidden, "reading[3]/base64[1]", []Unreadable{{"body/text", Ambiguous, "header fields where the body begins"}, lost}},
		{"field behind a line that is none", "X: y\nno field\nContent-Transfer-Encoding: base64\n\n" + hidden, "body/text", []Unreadable{{"header", Ambiguous, "line in the header that is no field"}}},
		{"blank before the colon", "Content-Transfer-Encoding : base64\n\n" + hidden, "body/text", []Unreadable{{"header", Ambiguous, "blank before the colon of a content field"}}},
		{"blank line that is not empty", "X: y\n \nContent-Transfer-Encoding: base64\n\n" + hidden, "body/text", []Unreadable{{"header", Ambiguous, "blank line inside the header"}}},
		{"UTF-7", "Content-Type: text/plain; charset=utf-7\n\nnr +ADg-90102-2387", "reading[2]/body/text", []Unreadable{{"body/text", Ambiguous, "charset UTF-7"}, differ}},
		{"EBCDIC and ASCII", "Content-Type: text/plain; charset=ibm037\n\nnr " + secret, "body/text", []Unreadable{differ}},
		{"charset in sections", "Content-Type: text/plain; charset*0=utf; charset*1=-7\n\nnr +ADg-90102-2387", "reading[2]/body/text", []Unreadable{{"body/text", Ambiguous, "charset UTF-7"}, differ}},
		{"type in sections of quotes", "Content-Type: multipart/mixed; boundary*=us-ascii''%42\n\n--B\nContent-Transfer-Encoding: base64\n\n" + hidden + "\n--B--\n", "body/text", []Unreadable{{"multipart", Ambiguous, "malformed Content-Type"}}},
		{"inner multipart not closed", mixed("Content-Type: multipart/alternative; boundary=C\n\n--C\n\na\n--C\nContent-Type: text/html\n\n<p>89<b>01</b>02-2387</p>", "\nb"), "body/html", nil},
		{"one boundary for two", mixed("Content-Type: multipart/alternative; boundary=B\n\n--B\n\na\n--B--\n", "Content-Transfer-Encoding: base64\n\n"+hidden), "body/text[2]", []Unreadable{{"multipart", Ambiguous, "boundary used twice"}, differ}},
		{"cut in the middle", "Content-Type: multipart/mixed; boundary=B\n\n--B\n\na\n--B\nContent-Type: text/plain; name=l.txt\nContent-Transfer-Encoding: base64\n\n" + hidden[:len(hidden)-1], "att[1]/l.txt", nil},
		{"name not in ASCII and not closed", mixed("\na", "Content-Type: text/plain; name=\"l\xf6n "+secret+".txt\n\nb"), "att[1]/lön 890102-2387.txt", nil},
		{"quoted-printable that says it is not", mixed("Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: quoted-printable\n\nnr 8901=\n02=2D2387"), "reading[3]/text[2]", []Unreadable{{"body/text", Ambiguous, "two Content-Transfer-Encoding fields"}}},
		{"bare CR as line ends", "Content-Type: text/plain\rContent-Transfer-Encoding: base64\n\n" + hidden, "reading[3]/base64[1]", []Unreadable{{"header", Ambiguous, "bare CR in the header"}, {"body/text", Ambiguous, "malformed Content-Type"}, lost}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseString(t, tt.msg)
			places := ""
			for _, s := range c.Segments {
				if strings.Contains(s.Text, secret) {
					places += s.Where + "\n"
				}
			}
			if !strings.Contains("\n"+places, "\n"+tt.where+"\n") {
				t.Errorf("the number is not at %s:\n%s", tt.where, dump(c))
			}
			if diff := cmp.Diff(tt.found, c.Unreadable); diff != "" {
				t.Errorf("findings (-want +got):\n%s%s", diff, dump(c))
			}
		})
	}
}
