package extract

import (
	"context"
	"os"
	"regexp"
	"strings"
	"testing"
)

// partOf is a well-formed mail with one part; the header of the part and its body are given,
// with LF.
func partOf(part string) string {
	return "From: a@b.example\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"=_B\"\n\n--=_B\n" + part + "\n--=_B--\n"
}

// TestStrict holds each rule of the strict subset: what breaks it needs a second reading.
func TestStrict(t *testing.T) {
	t.Parallel()
	outside := map[string]string{
		"no header":                   "Hello there\n\nbody",
		"line that is no field":       "Subject: s\nno field\n\nbody",
		"header runs into a boundary": partOf("Content-Type: text/plain"),
		"bare CR in the header":       "Subject: s\rX: y\n\nbody",
		"blank line in the header":    "Subject: s\n \nContent-Type: text/html\n\nbody",
		"NUL in a content field":      "Content-Type: text/plain\x00\n\nbody",
		"field twice":                 "Content-Type: text/plain\nContent-Type: text/plain\n\nbody",
		"type that is no token":       "Content-Type: text\xe5/plain\n\nbody",
		"comment":                     "Content-Type: text/plain (really)\n\nbody",
		"value with a blank":          partOf("Content-Type: text/plain; name=a b.txt\n\nbody"),
		"8-bit name":                  partOf("Content-Type: text/plain; name=\"l\xf6n.txt\"\n\nbody"),
		"unterminated quotes":         partOf("Content-Type: text/plain; name=\"a.txt\n\nbody"),
		"backslash":                   partOf("Content-Type: text/plain; name=\"c:\\a.txt\"\n\nbody"),
		"parameter twice":             "Content-Type: text/plain; charset=utf-8; charset=utf-7\n\nbody",
		"boundary in sections":        "Content-Type: multipart/mixed; boundary*0=B; boundary*1=C\n\n--BC\n\nx\n--BC--\n",
		"unknown encoding":            "Content-Transfer-Encoding: x-own\n\nbody",
		"encoding with a comment":     "Content-Transfer-Encoding: 7bit (yes)\n\nbody",
		"encoded multipart":           "Content-Transfer-Encoding: quoted-printable\n" + partOf("\nbody"),
		"encoded message":             partOf("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeA0KDQp5DQo="),
		"odd boundary":                strings.ReplaceAll(partOf("\nbody"), "=_B", "{B}"),
		"boundary begins another":     partOf("Content-Type: multipart/mixed; boundary=\"=_B1\"\n\n--=_B1\n\nx\n--=_B1--\n"),
		"not closed":                  "Content-Type: multipart/mixed; boundary=B\n\n--B\n\nbody\n",
		"closed by an outer one":      partOf("Content-Type: multipart/mixed; boundary=C\n\n--C\n\nx\n"),
		"near boundary":               partOf("\nbody\n--=_Bx\n"),
		"boundary on a text":          "Content-Type: text/plain; boundary=B\n\nbody",
		"no parts":                    "Content-Type: multipart/mixed; boundary=B\n\nbody\n",
		"preamble":                    strings.Replace(partOf("\nbody"), "\n\n", "\n\nread this\n", 1),
		"epilogue":                    partOf("\nbody") + "list footer\n",
		"stray byte in base64":        "Content-Transfer-Encoding: base64\n\naGVq!aGVq\n",
		"base64 without padding":      "Content-Transfer-Encoding: base64\n\naGVqaA\n",
		"text behind base64":          "Content-Transfer-Encoding: base64\n\naGVqaA==\n_____\nfooter\n",
		"blank in base64":             "Content-Transfer-Encoding: base64\n\naGVq aGVq\n",
		"stray equals sign":           "Content-Transfer-Encoding: quoted-printable\n\n1 = 1\n",
		"8-bit without a label":       "Subject: s\n\nl\xf6n\n",
		"broken UTF-8":                "Content-Type: text/plain; charset=utf-8\n\nl\xf6n\n",
		"UTF-8 under another label":   "Content-Type: text/plain; charset=iso-8859-1\n\nlön\n",
		"unknown charset":             "Content-Type: text/plain; charset=x-own\n\nbody\n",
		"utf-7":                       "Content-Type: text/plain; charset=utf-7\n\nbody\n",
		"utf-16":                      "Content-Type: text/plain; charset=utf-16\n\nbody\n",
		"mixed line ends":             "Subject: s\r\n\r\nbody\nbody\r\n",
		"bare CR":                     "Subject: s\n\nbody\rbody\n",
	}
	for name, msg := range outside {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !needsChild(t, msg) {
				t.Errorf("it is inside the strict subset: %q", msg)
			}
			if nested := "Subject: fw\n" + partOf("Content-Type: message/rfc822\n\n"+msg); !needsChild(t, nested) {
				t.Error("attached, it is inside the strict subset")
			}
		})
	}
	for _, name := range namedInDoc(t) {
		if _, ok := outside[name]; !ok {
			t.Errorf("no test for %q", name)
		}
	}
	for name, msg := range map[string]string{
		"plain":               "Subject: s\n\nbody\n",
		"no body":             "Subject: s\n",
		"CRLF":                "Subject: s\r\n\r\nbody\r\nbody\r\n",
		"parts":               partOf("\nbody"),
		"semicolon at an end": partOf("Content-Type: text/plain; charset=utf-8;\n\nlön"),
		"file name encoded":   partOf("Content-Type: text/plain; name=\"=?utf-8?q?l=C3=B6n.txt?=\"\nContent-Disposition: attachment;\n filename*0*=utf-8''l%C3%B6;\n filename*1=n.txt\n\nbody"),
		"base64":              "Content-Transfer-Encoding: base64\n\naGVq\naGVqaA==\n",
		"quoted-printable":    "Content-Type: text/plain; charset=windows-1252\nContent-Transfer-Encoding: quoted-printable\n\nl=F6n 1 =3D=\n 1\n",
		"koi8-r":              "Content-Type: text/plain; charset=koi8-r\n\n\xf0\xd2\xc9\xd7\xc5\xd4\n",
		"iso-2022-jp":         "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B$3$s\x1b(B\n",
		"usual sentence":      strings.Replace(partOf("\nbody"), "\n\n", "\n\nThis is a multi-part message in MIME format.\n", 1),
		"attached message":    partOf("Content-Type: message/rfc822\n\nSubject: x\n\ny"),
		"file without label":  partOf("Content-Type: text/csv; name=a.csv\nContent-Disposition: attachment\n\nl\xf6n;1"),
	} {
		if needsChild(t, msg) {
			t.Errorf("%s: ordinary mail is outside the strict subset: %q", name, msg)
		}
	}
}

func needsChild(t *testing.T, msg string) bool {
	t.Helper()
	_, needs, err := ParsePlain(context.Background(), strings.NewReader(msg), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return needs
}

// namedInDoc returns what the list in strict.go names as its tests.
func namedInDoc(t *testing.T) []string {
	t.Helper()
	src, err := os.ReadFile("strict.go")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(src), "//  1. ")
	list, _, ok := strings.Cut(list, "// What both readings")
	if !ok {
		t.Fatal("the list is gone")
	}
	list = regexp.MustCompile(`\s*\n//\s*`).ReplaceAllString(list, " ")
	var names []string
	for _, m := range regexp.MustCompile(`"([^"]+)"`).FindAllStringSubmatch(list, -1) {
		names = append(names, m[1])
	}
	if len(names) < 30 {
		t.Fatalf("only %d names", len(names))
	}
	return names
}
