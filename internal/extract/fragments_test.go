package extract

import (
	"encoding/base64"
	"strings"
	"testing"
)

// TestMarkupInStrings: HTML that is kept in JSON or in XML is read as whoever is shown it sees it.
func TestMarkupInStrings(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, file, text string }{
		{"JSON", "a.json", `{"body":"<b>8901<i></i>02-2387"}`},
		{"JSON with escapes", "a.json", `{"a":["\u003cb\u003e8901\u003C/b\u003e02-2387"]}`},
		{"JSON with entities", "a.json", `{"a":"8901&#48;2-2387"}`},
		{"JSON with HTML as text", "a.json", `{"a":"&lt;b&gt;8901&lt;/b&gt;02-2387"}`},
		{"JSON behind a string that is not closed", "a.json", `{"a":"<!-- <style>","b":"<b>8901</b>02-2387","c":"-->"}`},
		{"JSON with a key", "a.json", `{"<b>8901</b>02-2387":1}`},
		{"JSON in JSON", "a.json", `{"a":"{\"b\":\"\\u003cb\\u003e8901\\u003c/b\\u003e02-2387\"}"}`},
		{"damaged JSON", "a.json", `{"a":"<b>8901</b>02-2387`},
		{"a file in JSON", "a.json", `{"a":"data:text/plain;base64,` + base64.StdEncoding.EncodeToString([]byte("890102-2387")) + `"}`},
		{"JSON by content", "a.txt", `{"a": "\u003cb\u003e8901\u003c/b\u003e02-2387"}`},
		{"lines of JSON", "a.log", `{"a":1}` + "\n" + `{"a":"<b>8901</b>02-2387"}`},
		{"CDATA", "a.xml", `<?xml version="1.0"?><a><![CDATA[<b>8901</b><i></i>02-2387]]></a>`},
		{"lines of CDATA", "a.xml", "<?xml version=\"1.0\"?><a><![CDATA[<p>x</p>\n<p>8901<span\nid=y>02</span>-2387</p>]]></a>"},
		{"escaped XML", "a.xml", `<?xml version="1.0"?><a>&lt;b&gt;8901&lt;/b&gt;02-2387</a>`},
		{"escaped in part", "a.xml", `<?xml version="1.0"?><a>&lt;b&gt;8901<![CDATA[</b>]]>02-2387</a>`},
		{"escaped twice", "a.xml", `<?xml version="1.0"?><a>&amp;lt;b&amp;gt;8901&amp;lt;/b&amp;gt;02-2387</a>`},
		{"attribute", "a.xml", `<?xml version="1.0"?><a b="&lt;b&gt;8901&lt;/b&gt;02-2387"/>`},
		{"comment", "a.xml", `<?xml version="1.0"?><a><!-- <b>8901</b>02-2387 --></a>`},
		{"behind an element", "a.xml", `<?xml version="1.0"?><a><c>x</c>&lt;b&gt;8901&lt;/b&gt;02-2387`},
		{"a file in an attribute", "a.svg", `<svg xmlns="http://www.w3.org/2000/svg"><a href="data:text/html,%3Cb%3E8901%3C/b%3E02-2387"/></svg>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached(tt.file, []byte(tt.text)), Limits{})
			if !strings.Contains(dump(c), "890102-2387") {
				t.Errorf("not found:\n%s", dump(c))
			}
			if c.Unreadable != nil && tt.name != "behind an element" {
				t.Errorf("findings: %v", c.Unreadable)
			}
		})
	}
	for _, s := range []string{`{"a":"x < 3 & y > 4","b":"AT&T"}`, `["a\tb"]`, `{}`, "[1] note <b>8901</b>02"} {
		c := parseLimits(t, attached("a.txt", []byte(s)), Limits{})
		if n := len(c.Segments); n != 4 {
			t.Errorf("%d segments of %s:\n%s", n, s, dump(c))
		}
	}
}

// TestDataURL: a file that stands in an address of HTML or CSS is read as if it were attached.
func TestDataURL(t *testing.T) {
	t.Parallel()
	const secret = "personnummer 890102-2387"
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	page := b64("<p>personnummer 8901<b>02</b>-2387")
	packed := b64(string(zipOf(t, file{"a.txt", secret + " " + noise(20000)})))
	picture := b64("\x89PNG\r\n\x1a\n" + octets(100))
	tests := []struct{ name, html, where string }{
		{"link", `<a href="data:text/html;base64,` + page + `">x</a>`, "body/html!data1.html"},
		{"upper case and blanks", `<a href=" DATA:Text/HTML;Charset=utf-8;BASE64, ` + page[:8] + "\r\n " + page[8:] + `">x</a>`, "body/html!data1.html"},
		{"escaped", `<a href="data:text/html,personnummer%20%3Cb%3E8901%3C/b%3E02-2387">x</a>`, "body/html!data1.html"},
		{"without a type", `<a href="data:;base64,` + b64(secret) + `">x</a>`, "body/html!data1"},
		{"frame", `<iframe src="data:text/html;base64,` + page + `"></iframe>`, "body/html!data1.html"},
		{"object", `<object data="data:text/html;base64,` + page + `"></object>`, "body/html!data1.html"},
		{"later", `<img data-src="data:text/html;base64,` + page + `">`, "body/html!data1.html"},
		{"list of sources", `<img srcset="data:image/png;base64,` + picture + ` 1x, data:text/html;base64,` + page + ` 2x">`, "body/html!data2.html"},
		{"style", `<p style="background:url( 'data:text/plain;base64,` + b64(secret) + `')">x`, "body/html!data1"},
		{"style sheet", `<style>p{background:url(data:image/svg+xml;base64,` + b64("<svg xmlns='http://www.w3.org/2000/svg'><text>"+secret+"</text></svg>") + `)}</style>x`, "body/html!data1.svg"},
		{"style sheet with quotes", `<style>p{background:url("data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg'><text>` + secret + `</text></svg>")}</style>x`, "body/html!data1.svg"},
		{"style with escapes", `<p style="background:url(d\61 ta:text/plain;base64,` + b64(secret) + `)">x`, "body/html!data1"},
		{"refresh", `<meta http-equiv=refresh content="0;url=data:text/html;base64,` + page + `">`, "body/html!data1.html"},
		{"in a comment", `<!--[if mso]><a href="data:text/html;base64,` + page + `">x</a><![endif]-->`, "body/html!data1.html"},
		{"archive", `<a href="data:application/zip;base64,` + packed + `">x</a>`, "body/html!data1!a.txt"},
		{"one in another", `<a href="data:text/html;base64,` + b64(`<a href="data:text/html;base64,`+page+`">`) + `">x</a>`, "body/html!data1.html!data1.html"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, "Content-Type: text/html\r\n\r\n"+tt.html+"\r\n", Limits{})
			checkContent(t, c, []Segment{{Where: tt.where, Kind: AttachmentText, Text: secret}}, nil, nil)
		})
	}
	for _, s := range []string{"data:text/plain;base64," + b64(secret), "<data:text/html;base64," + page, "data:text/html,personnummer%208901%3Cb%3E02%3C/b%3E-2387"} {
		c := parseLimits(t, "Subject: x\r\n\r\nopen "+s+"\r\nor metadata:a,b\r\n", Limits{})
		if !strings.Contains(dump(c), "body/text!data1") || !strings.Contains(dump(c), secret) || strings.Contains(dump(c), "data2") || c.Unreadable != nil {
			t.Errorf("in plain text: %s\n%s", s, dump(c))
		}
	}
	pdf := "Content-Type: text/html\r\n\r\n<a href='data:application/pdf;base64," + b64(string(madePDF("<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Count 0/Kids[]>>"))) + "'>x</a>\r\n"
	checkContent(t, parseLimits(t, pdf, Limits{}), nil, nil, []Unreadable{{"body/html!data1", Unsupported, "cannot read application/pdf here"}}) // without its engine
	if !needsChild(t, pdf) {
		t.Error("a PDF document is read in this process")
	}
	for _, s := range []string{
		"data:image/png;base64," + picture, "data:font/ttf;base64," + b64("\x00\x01\x00\x00\x00\x0d"+octets(50)), "data:image/x-icon;base64," + b64("\x00\x00\x01\x00\x01\x00"+octets(50)),
		"data:,", "data:", "data:image/gif;base64", "data: we have 890102", "data:text/html,", "data:x,%", "data:;base64,A",
	} {
		msg := "Content-Type: text/html\r\n\r\n<img src='" + s + "'><p style='background:url(" + s + ")'>x\r\n"
		if c := parseLimits(t, msg, Limits{}); c.Unreadable != nil || needsChild(t, msg) {
			t.Errorf("%.40s: %v", s, c.Unreadable)
		}
	}
}
