package extract

import (
	"encoding/base64"
	"strings"
	"testing"
)

// TestScripts: what a script of a file may show is read as far as that can be told, and it is said that it can show anything.
func TestScripts(t *testing.T) {
	t.Parallel()
	b64 := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	packed := b64(string(zipOf(t, file{"a.txt", "personnummer 890102-2387 " + noise(2000)})))
	tests := []struct{ name, file, text string }{
		{"write", "a.html", `<p>x</p><script>document.write("890102-2387")</script>`},
		{"strings put together", "a.html", `<script>document.write("8901" + /* x */ ('02') +"-2387")</script>`},
		{"variables", "a.html", `<script>var a = "890102", b = '-'; var c = "2387"; document.write(a+b+c)</script>`},
		{"concat", "a.html", `<script>x="8901".concat("02","-2387");y="8901".concat("02-2387")</script>`},
		{"a list", "a.html", `<script>["89","01","02-2387"].join("")</script>`},
		{"escapes", "a.html", `<script>a='\x38\u0039\u{30}\6102-2387'</script>`},
		{"percent", "a.html", `<script>unescape("%38%39%30102-2387")</script>`},
		{"codes", "a.html", `<script>String.fromCharCode(56,57, 0x30,49,48,50,45,50,51,56,55)</script>`},
		{"atob", "a.html", `<script>document.write(atob("` + b64("890102-2387") + `"))</script>`},
		{"markup", "a.html", "<script>document.write(`<b>8901</b>02\n`); x.innerHTML='<b>8901</b>'+'02-2387'</script>"},
		{"a smuggled file", "a.html", `<script>var f = "` + packed[:40] + `"+"` + packed[40:] + `"; save(f)</script>`},
		{"a smuggled page", "a.html", `<script>var f = "` + b64("<!doctype html><p>personnummer</p><p>8901<b>02</b>-2387</p>") + `"</script>`},
		{"handler", "a.html", `<body onload="document.write('8901'+'02-2387')">`},
		{"link", "a.html", `<a href=" java&#10;script:document.write('8901'+'02%2d2387')">x</a>`},
		{"frame", "a.html", `<iframe srcdoc="<script>write('8901'+'02-2387')</script>"></iframe>`},
		{"SVG in HTML", "a.html", `<svg><script>write('8901'+'02-2387')</script></svg>`},
		{"SVG", "a.svg", `<svg xmlns="http://www.w3.org/2000/svg"><script>t.textContent='8901'+'02-2387'</script></svg>`},
		{"SVG with CDATA", "a.svg", `<svg xmlns="http://www.w3.org/2000/svg"><script><![CDATA[t.textContent='8901'+'02-2387']]></script></svg>`},
		{"SVG with a handler", "a.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="t.textContent='8901'+'02-2387'"/>`},
		{"SVG with a link", "a.svg", `<svg xmlns="http://www.w3.org/2000/svg"><a href="javascript:t('8901'+'02-2387')"/></svg>`},
		{"XML", "a.xml", `<?xml version="1.0"?><a><x:script xmlns:x="http://www.w3.org/1999/xhtml">t('8901'+'02-2387')</x:script></a>`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached(tt.file, []byte(tt.text)), Limits{})
			if !strings.Contains(dump(c), "890102-2387") {
				t.Errorf("not found:\n%s", dump(c))
			}
			if len(c.Unreadable) != 1 || c.Unreadable[0] != (Unreadable{"att[1]/" + tt.file, Unsupported, activeContent}) {
				t.Errorf("findings: %v", c.Unreadable)
			}
		})
	}
	for name, text := range map[string]string{
		"a.html": `<script type="application/ld+json">{"a":"b"}</script><script></script><a href="javascript:void(0)">x</a><p once=x on=y>text</p>`,
		"b.html": `<!-- <script>alert(1)</script> --><p>text</p>`,
		"a.svg":  `<svg xmlns="http://www.w3.org/2000/svg"><text>text</text></svg>`,
		"a.xml":  `<?xml version="1.0"?><project><script onclick="x">echo</script></project>`,
	} {
		if c := parseLimits(t, attached(name, []byte(text)), Limits{}); c.Unreadable != nil {
			t.Errorf("%s: %v", text, c.Unreadable)
		}
	}
	const script = `<script>alert("890102-2387")</script><p onclick="x()">text</p>`
	for _, msg := range []string{
		"Content-Type: text/html\r\n\r\n" + script,
		"Content-Type: multipart/alternative; boundary=B\r\n\r\n--B\r\n\r\nx\r\n--B\r\nContent-Type: text/x-amp-html\r\n\r\n<!doctype html><html>" + script + "\r\n--B--\r\n",
		attached("a.eml", []byte("From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n"+script)),
	} {
		if c := parseLimits(t, msg, Limits{}); c.Unreadable != nil {
			t.Errorf("%s: %v", msg, c.Unreadable)
		}
	}
}
