package extract

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// evil is a mail that programs read differently, written with LF. It hides a number in the
// reading that one of them would miss.
type evil struct {
	name  string
	msg   string
	where string       // a place where the number is found
	found []Unreadable // all that is said about the mail
}

const secret = "890102-2387"

func evilMail() []evil {
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	hidden := b64("nr " + secret + ".")
	mixed := func(parts ...string) string {
		return "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"B\"\n\n--B\n" + strings.Join(parts, "\n--B\n") + "\n--B--\n"
	}
	differ := Unreadable{"message", Ambiguous, readDifferently}
	lost := Unreadable{"message", Ambiguous, notUnderstood}
	return []evil{
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
		{"name of the first field folded", "Content-Transfer-\n Encoding: base64\n\n" + hidden, "reading[3]/base64[1]", []Unreadable{{"body/text", Ambiguous, "header fields where the body begins"}}},
		{"field behind a line that is none", "X: y\nno field\nContent-Transfer-Encoding: base64\n\n" + hidden, "body/text", []Unreadable{{"header", Ambiguous, "line in the header that is no field"}}},
		{"blank before the colon", "Content-Transfer-Encoding : base64\n\n" + hidden, "body/text", []Unreadable{{"header", Ambiguous, "blank before the colon of a content field"}}},
		{"blank line that is not empty", "X: y\n \nContent-Transfer-Encoding: base64\n\n" + hidden, "body/text", []Unreadable{{"header", Ambiguous, "blank line inside the header"}}},
		{"UTF-7", "Content-Type: text/plain; charset=utf-7\n\nnr +ADg-90102-2387", "body/text", []Unreadable{{"body/text", Ambiguous, "charset UTF-7"}, differ}},
		{"EBCDIC and ASCII", "Content-Type: text/plain; charset=ibm037\n\nnr " + secret, "body/text", []Unreadable{differ}},
		{"charset in sections", "Content-Type: text/plain; charset*0=utf; charset*1=-7\n\nnr +ADg-90102-2387", "body/text", []Unreadable{{"body/text", Ambiguous, "charset UTF-7"}, differ}},
		{"type in sections of quotes", "Content-Type: multipart/mixed; boundary*=us-ascii''%42\n\n--B\nContent-Transfer-Encoding: base64\n\n" + hidden + "\n--B--\n", "body/text", []Unreadable{{"multipart", Ambiguous, "malformed Content-Type"}}},
		{"inner multipart not closed", mixed("Content-Type: multipart/alternative; boundary=C\n\n--C\n\na\n--C\nContent-Type: text/html\n\n<p>89<b>01</b>02-2387</p>", "\nb"), "body/html", nil},
		{"one boundary for two", mixed("Content-Type: multipart/alternative; boundary=B\n\n--B\n\na\n--B--\n", "Content-Transfer-Encoding: base64\n\n"+hidden), "body/text[2]", []Unreadable{{"multipart", Ambiguous, "boundary used twice"}, differ}},
		{"cut in the middle", "Content-Type: multipart/mixed; boundary=B\n\n--B\n\na\n--B\nContent-Type: text/plain; name=l.txt\nContent-Transfer-Encoding: base64\n\n" + hidden[:len(hidden)-1], "att[1]/l.txt", nil},
		{"name not in ASCII and not closed", mixed("\na", "Content-Type: text/plain; name=\"l\xf6n "+secret+".txt\n\nb"), "att[1]/lön 890102-2387.txt", nil},
		{"quoted-printable that says it is not", mixed("Content-Transfer-Encoding: 7bit\nContent-Transfer-Encoding: quoted-printable\n\nnr 8901=\n02=2D2387"), "reading[3]/text[2]", []Unreadable{{"body/text", Ambiguous, "two Content-Transfer-Encoding fields"}}},
		{"bare CR as line ends", "Content-Type: text/plain\rContent-Transfer-Encoding: base64\n\n" + hidden, "reading[3]/base64[1]", []Unreadable{{"header", Ambiguous, "bare CR in the header"}, {"body/text", Ambiguous, "malformed Content-Type"}, lost}},
	}
}

// TestEvil: whoever hides something from one reading does not hide it from all.
func TestEvil(t *testing.T) {
	t.Parallel()
	for _, tt := range evilMail() {
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

// TestSecondReadingAgrees: what is only careless is no doubt, and nothing is told twice.
func TestSecondReadingAgrees(t *testing.T) {
	t.Parallel()
	c := parseString(t, "Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/plain; name=a b.txt\nContent-Transfer-Encoding: base64\n\n"+
		base64.StdEncoding.EncodeToString([]byte("nr "+secret))+"\n--B\nContent-Type: text/html; charset=utf-8\n\n<p>l\xf6n 118</p>")
	for _, s := range c.Segments {
		if strings.HasPrefix(s.Where, "reading") && s.Kind == Body && strings.Contains(s.Text, secret) {
			t.Errorf("told twice:\n%s", dump(c))
		}
	}
	if len(c.Unreadable) > 0 {
		t.Errorf("findings: %v", c.Unreadable)
	}
}

// TestSecondReadingFinds: an attachment that only the other reading has is listed, opened and
// belongs to its texts.
func TestSecondReadingFinds(t *testing.T) {
	t.Parallel()
	c := parseString(t, "Content-Type: multipart/mixed; boundary=B\n\n--B\n\na\n--B x\nContent-Type: application/octet-stream; name=a.zip\nContent-Transfer-Encoding: base64\n\n"+
		base64.StdEncoding.EncodeToString([]byte(zipOf(t, file{"lista.txt", secret})))+"\n--B--\n")
	for _, s := range c.Segments {
		if s.Where == "reading[2]/att[1]/a.zip!lista.txt" && s.Attachment == 0 && strings.Contains(s.Text, secret) {
			return
		}
	}
	t.Errorf("the file is not found: %v\n%s", c.Attachments, dump(c))
}

// TestSecondReadingIsBounded: what would cost enmime more than its size is not given to it,
// whatever the first reading made of the mail, and is not understood.
func TestSecondReadingIsBounded(t *testing.T) {
	t.Parallel()
	nested := func(n int, typ string) string {
		var b strings.Builder
		b.WriteString("Bcc : x\n")
		for i := range n {
			fmt.Fprintf(&b, "Content-Type: %s; boundary=b%dx\n\n--b%dx\n", typ, i, i)
		}
		return b.String() + "\nnr " + secret + "\n"
	}
	siblings := "Content-Type: multipart/mixed; boundary=B\n\n" + strings.Repeat("--B\n\na\n", 100000) + "--B\n\nnr " + secret + "\n"
	for name, msg := range map[string]string{
		"unclosed multiparts":                 nested(maxNesting+1, "multipart/mixed"),
		"10,000 unclosed multiparts":          nested(10000, "multipart/mixed"),
		"nested in what is no multipart":      nested(maxNesting+1, "application/x-thing"),
		"boundaries in sections":              strings.ReplaceAll(nested(maxNesting+1, "multipart/mixed"), "boundary=", "BOUNDARY*0="),
		"100,000 siblings":                    siblings,
		"siblings that only one reading sees": strings.Replace(siblings, "multipart/mixed", "application/x-thing", 1),
		"base64 that is none":                 "X: y\nContent-Transfer-Encoding: BASE64\n\n" + strings.Repeat(strings.Repeat("<", 75)+"\n", maxStrays/75+1) + "nr " + secret + "\n",
		"many levels of a large mail":         nested(maxNesting, "multipart/mixed") + strings.Repeat("0123456789abcde\n", 2<<20/2),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if bounded([]byte(msg)) {
				t.Error("it is given to enmime")
			}
			c := parseLimits(t, msg, Limits{})
			if !slices.ContainsFunc(c.Segments, func(s Segment) bool { return strings.Contains(s.Text, secret) }) || !slices.ContainsFunc(c.Unreadable, func(u Unreadable) bool { return u.Where == "message" && u.Reason == Ambiguous }) {
				t.Errorf("%.2000s", dump(c))
			}
		})
	}
	if !bounded([]byte(nested(maxNesting, "multipart/mixed"))) {
		t.Error("a mail within the bounds is not read a second time")
	}
}

// TestSecondReadingTooLarge: mail outside the strict subset that is too large for a second
// reading is ambiguous, and large mail inside it is not.
func TestSecondReadingTooLarge(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789abcde\n", maxSecondText/16+1)
	file := "Content-Type: image/png; name=a b.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgoAAAAA\n" + strings.Repeat(strings.Repeat("A", 76)+"\n", maxSecond/77+1)
	for name, tt := range map[string]struct {
		msg  string
		want bool
	}{
		"text outside":    {"Content-Type: text/plain (x)\n\n" + text, true},
		"text inside":     {"Content-Type: text/plain\n\n" + text, false},
		"message outside": {file, true},
		"message inside":  {strings.Replace(file, "a b", "ab", 1), false},
	} {
		c := parseLimits(t, tt.msg, Limits{})
		if got := slices.Contains(c.Unreadable, Unreadable{"message", Ambiguous, noSecondReading}); got != tt.want {
			t.Errorf("%s: %v", name, c.Unreadable)
		}
	}
}
