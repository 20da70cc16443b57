package extract

import (
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/unicode/norm"
)

// ordered is UTF-16 without a mark.
func ordered(s string, big bool) string {
	var b strings.Builder
	for _, u := range utf16.Encode([]rune(s)) {
		if big {
			b.Write([]byte{byte(u >> 8), byte(u)})
		} else {
			b.Write([]byte{byte(u), byte(u >> 8)})
		}
	}
	return b.String()
}

// Numbers as programs of another charset show them.
const (
	inUTF7  = "+ADgAOQAwADEAMAAy-2387"
	inGBK   = "\xa3\xb8\xa3\xb9\xa3\xb0\xa3\xb1\xa3\xb0\xa3\xb2-\xa3\xb2\xa3\xb3\xa3\xb8\xa3\xb7"
	typHTML = "Content-Type: text/html; charset="
)

// TestEveryCharset: what a program shows that takes the one or the other charset is found.
func TestEveryCharset(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("<p>text</p>\r\n", 400)
	full := "\uff18\uff19\uff10\uff11\uff10\uff12-\uff12\uff13\uff18\uff17"
	file := func(name, text string) string {
		return "Content-Type: application/octet-stream; name=" + name + "\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines76([]byte(text)) + "\r\n"
	}
	for name, msg := range map[string]string{
		"UTF-7":                           "Content-Type: text/plain; charset=utf-7\r\n\r\nnr " + inUTF7,
		"UTF-7 by its first name":         "Content-Type: text/plain; charset=unicode-1-1-utf-7\r\n\r\nnr " + inUTF7,
		"UTF-7 in a markup":               typHTML + "utf-7\r\n\r\n<p>nr <b>+ADgAOQA-</b>0102-2387",
		"UTF-7 that is markup":            typHTML + "utf-7\r\n\r\n<p>8901+ADw-b+AD4-02-2387",
		"UTF-7 by a meta":                 "Content-Type: text/html\r\n\r\n<meta charset=utf-7><p>nr " + inUTF7,
		"UTF-7 by a meta behind a label":  typHTML + "utf-8\r\n\r\n<meta charset=utf-7><p>nr " + inUTF7,
		"UTF-7 in a subject":              "Subject: =?utf-7?q?+ADgAOQAw?= =?utf-7?q?ADEAMAAy-2387?=\r\n\r\nx",
		"UTF-7 in one word of a subject":  "Subject: 8901 =?utf-7?q?=30+ADI?=-2387 8901=?unicode-1-1-utf-7?q?+ADAAMg-?= 890102=?unicode-1-1-utf-7?b?K0FDMC0=?=2387\r\n\r\nx",
		"UTF-7 in a name":                 "From: =?unicode-1-1-utf-7?q?nr_" + inUTF7 + "?= <a@b.example>\r\n\r\nx",
		"UTF-7 in XML":                    file("a.xml", `<?xml version="1.0" encoding="utf-7"?><a>nr `+inUTF7+`</a>`),
		"UTF-7 in a web page":             file("a.html", `<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-7"></head><p>nr `+inUTF7+`</html>`),
		"UTF-16, the big end first":       "Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines76([]byte(ordered("nr 890102-2387", true))),
		"UTF-16, the little end first":    "Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines76([]byte(ordered("nr 890102-2387", false))),
		"UTF-16 without zero bytes":       "Content-Type: text/plain; charset=utf-16\r\nContent-Transfer-Encoding: base64\r\n\r\n" + lines76([]byte(ordered(full, true))),
		"UTF-16 in a subject":             "Subject: =?utf-16?b?" + strings.ReplaceAll(lines76([]byte(ordered("890102-2387", true))), "\r\n", "") + "?=\r\n\r\nx",
		"UTF-16 by a meta":                "Content-Type: text/html\r\n\r\n<meta charset=utf-16><p>89<b>0102</b>-2387",
		"two labels":                      "Content-Type: text/plain; charset=utf-8; charset=gbk\r\n\r\nnr " + inGBK,
		"two labels, the first is UTF-7":  "Content-Type: text/plain; charset=gbk; charset=utf-7\r\n\r\nnr " + inUTF7,
		"label and meta":                  typHTML + "utf-8\r\n\r\n<meta charset=gbk><p>nr " + inGBK,
		"Latin-1 and meta":                typHTML + "iso-8859-1\r\n\r\n<meta charset = 'gbk'><p>nr " + inGBK,
		"two metas":                       "Content-Type: text/html\r\n\r\n<!-- <meta charset=utf-8> --><meta charset=gbk><p>nr " + inGBK,
		"meta behind another":             "Content-Type: text/html\r\n\r\n<meta name=charset content=utf-8><META\r\nCharset=gbk><p>nr " + inGBK,
		"late meta":                       typHTML + "utf-8\r\n\r\n" + long + "<meta charset=gbk><p>nr " + inGBK,
		"late meta without a label":       "Content-Type: text/html\r\n\r\n" + long + "<meta charset=gbk><p>nr " + inGBK,
		"XML declaration on a web page":   "Content-Type: text/html\r\n\r\n<?xml version='1.0' encoding = 'gbk'?><html><p>nr " + inGBK,
		"label and XML declaration":       typHTML + "utf-8\r\n\r\n<?xml version='1.0' encoding='gbk'?><html><p>nr " + inGBK,
		"label and declaration of a file": "Content-Type: text/xml; charset=utf-8; name=a.xml\r\nContent-Disposition: attachment\r\n\r\n<?xml version='1.0' encoding='gbk'?><a>nr " + inGBK + "</a>",
	} {
		c := parseLimits(t, msg, Limits{})
		found := false
		for _, s := range c.Segments {
			found = found || strings.Contains(norm.NFKC.String(s.Text), secret)
		}
		if !found {
			t.Errorf("%s: the number is not found:\n%s", name, dump(c))
		}
	}
}

// TestOneCharset: where programs agree, nothing is read twice and nothing is in doubt.
func TestOneCharset(t *testing.T) {
	t.Parallel()
	for name, msg := range map[string]string{
		"UTF-7 with nothing encoded":    "Content-Type: text/plain; charset=utf-7\r\n\r\ncall 08-1",
		"ASCII under two labels":        typHTML + "iso-8859-1\r\n\r\n<meta charset=utf-8><p>text",
		"UTF-8 in a page that was made": typHTML + "utf-8\r\n\r\n<meta charset=windows-1252><p>l\u00f6n",
		"Latin-1 by both":               typHTML + "iso-8859-1\r\n\r\n<meta charset=windows-1252><p>l\xf6n",
	} {
		c := parseLimits(t, msg, Limits{})
		if len(c.Unreadable) > 0 || len(c.Segments) != 1 {
			t.Errorf("%s:\n%s", name, dump(c))
		}
	}
}
