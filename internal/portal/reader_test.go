package portal

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"sigill/internal/message"
)

// png is the smallest picture that a browser takes for one.
const png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

const richBody = "From: Johan Lindqvist <johan.lindqvist@norrsund.example>\r\n" +
	"To: Karin Ekman <karin.ekman@exempel.example>\r\nBcc: hemlig@exempel.example\r\n" +
	"Subject: Svar\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
	"--b\r\nContent-Type: multipart/related; boundary=r\r\n\r\n" +
	"--r\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" +
	"<html><head><style>p{position:fixed}</style></head><body><p style=\"color:#c00;position:fixed\">Hej <b>Karin</b></p>" +
	"<img src=\"cid:bild@1\" alt=\"R\xc3\xb6ntgen\"><img src=\"https://spion.example/p.gif\" width=\"1\" height=\"1\">" +
	"<a href=\"https://norrsund.example/mer\">L\xc3\xa4s mer</a><script>alert(1)</script></body></html>\r\n" +
	"--r\r\nContent-Type: image/png\r\nContent-ID: <bild@1>\r\nContent-Disposition: inline; filename=b.png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + png + "\r\n--r--\r\n" +
	"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename*=utf-8''R%C3%B6ntgen%20h%C3%B6ger%22.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK\r\n" +
	"--b\r\nContent-Type: text/plain\r\nContent-Disposition: attachment; filename=\"../../lista.txt\"\r\n\r\n<script>alert(2)</script>\r\n" +
	"--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename=sida.html\r\n\r\n<script>alert(3)</script>\r\n" +
	"--b\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=falsk.png\r\n\r\n<html><script>alert(4)</script></html>\r\n" +
	"--b--\r\n"

func (s *stage) rich() (*message.Message, *browser, string) {
	s.tb.Helper()
	m := s.put(mail{body: richBody, levels: []message.Level{message.Level1}})
	b := s.browser()
	return m, b, b.enter(m, s.link(m, 0))
}

func TestRichReader(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	_, b, path := s.rich()
	b.get(path).want(t, http.StatusOK,
		`<iframe class="frame" sandbox="" src="`+path+`/html"`, "1 bild är utelämnad.", "4 filer",
		"Röntgen höger_.pdf", "PDF, 9\u00a0B", "lista.txt", "Stäng och lås", "Länkar i meddelandet").
		lacks(t, "hemlig@exempel.example", "b.png")
	b.get(path+"?as=text").want(t, http.StatusOK, "Hej Karin", `<a href="https://norrsund.example/mer"`, "b.png").lacks(t, "<iframe", "alert(1)")

	frame := b.get(path + "/html")
	frame.want(t, http.StatusOK, "Hej <b>Karin</b>", `src="data:image/png;base64,`+png+`"`, "color: #c00").
		lacks(t, "spion.example", "script", "position", "href", "cid:")
	if got := frame.header.Get("Content-Security-Policy"); got != framePolicy {
		t.Errorf("policy of the frame: %s", got)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m, b, path := s.rich()
	for _, c := range []struct {
		name, path, kind, disposition, body string
		status                              int
	}{
		{"pdf", "/file/2", "application/pdf", `attachment; filename="R_ntgen h_ger_.pdf"; filename*=UTF-8''R%C3%B6ntgen%20h%C3%B6ger_.pdf`, "%PDF-1.4\n", 200},
		{"path in the name", "/file/3", "application/octet-stream", "attachment; filename=lista.txt", "<script>alert(2)</script>", 200},
		{"page", "/file/4", "application/octet-stream", "attachment; filename=sida.html", "<script>alert(3)</script>", 200},
		{"text shown", "/view/3", "text/plain; charset=utf-8", "inline; filename=lista.txt", "<script>alert(2)</script>", 200},
		{"picture shown", "/view/1", "image/png", "inline; filename=b.png", "\x89PNG", 200},
		{"page shown is a download", "/view/4", "application/octet-stream", "attachment; filename=sida.html", "<script>alert(3)</script>", 200},
		{"false picture is a download", "/view/5", "application/octet-stream", "attachment; filename=falsk.png", "<html><script>", 200},
		{"none", "/file/6", "", "", "", 404},
		{"zero", "/file/0", "", "", "", 404},
		{"word", "/file/x", "", "", "", 404},
		{"huge", "/view/99999999999999999999", "", "", "", 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := b.get(path+c.path).want(t, c.status)
			if c.status != 200 {
				return
			}
			if !strings.HasPrefix(got.body, c.body) {
				t.Errorf("body %q, want %q", got.body, c.body)
			}
			if d := cmp.Diff([]string{c.kind, c.disposition, "nosniff", filePolicy}, []string{
				got.header.Get("Content-Type"), got.header.Get("Content-Disposition"),
				got.header.Get("X-Content-Type-Options"), got.header.Get("Content-Security-Policy")}); d != "" {
				t.Error(d)
			}
		})
	}
	events, err := s.store.Events(t.Context(), m.ID)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range events {
		if e.Kind == message.EventDownloaded {
			n++
		}
	}
	if n != 7 {
		t.Errorf("%d downloads were noted, want 7", n)
	}
	before := s.reload(m).Version
	head := b.send(http.MethodHead, path+"/file/2", nil)
	if head.status != 200 || head.header.Get("Content-Length") != "9" || head.body != "" || s.reload(m).Version != before {
		t.Errorf("HEAD: %d, %q, version %d, was %d", head.status, head.body, s.reload(m).Version, before)
	}
	s.browser().get(path+"/file/2").want(t, http.StatusForbidden)
}

// Before the code nothing of the content is given out, whatever the path.
func TestNothingBeforeTheCode(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	m := s.put(mail{body: richBody, levels: []message.Level{message.Level1}})
	b := s.browser()
	asked := b.post("/b/" + s.link(m, 0))
	reader := strings.Replace(asked.where, "/c/", "/r/", 1)
	for _, path := range []string{"/html", "/file/2", "/view/3", "?as=text", ""} {
		b.get(reader+path).lacks(t, "Karin</b>", "alert", "PDF-1.4", "lista.txt")
	}
}

func TestFileName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                                "",
		"a.txt":                           "a.txt",
		"../../etc/passwd":                "passwd",
		`C:\temp\x.doc`:                   "x.doc",
		"...hidden":                       "hidden",
		"fak\u202etxt.exe":                "faktxt.exe",
		"a\r\nSet-Cookie: x=1.txt":        "a Set-Cookie_ x=1.txt",
		"con.txt":                         "",
		"LPT1":                            "",
		"computer.txt":                    "computer.txt",
		"..":                              "",
		"/":                               "",
		"slut. ":                          "slut",
		strings.Repeat("å", 200) + ".pdf": strings.Repeat("å", 88) + ".pdf",
		"\xff\xfe.txt":                    "txt",
	} {
		if got := fileName(in); got != want {
			t.Errorf("fileName(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestParagraphs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"breaks", "a\r\nb\r\n\r\n\r\nc", "a<br>b|c"},
		{"escapes", `<b> & "x"`, "&lt;b&gt; &amp; &#34;x&#34;"},
		{"indent", "  a\n\tb", "\u00a0\u00a0a<br>\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0b"},
		{"link", "se https://a.example/x, och", `se <a href="https://a.example/x" target="_blank" rel="noopener noreferrer nofollow">https://a.example/x</a>, och`},
		{"no script link", "javascript:alert(1)", "javascript:alert(1)"},
		{"link with quotes", `https://a.example/"onclick="x`, `<a href="https://a.example/" target="_blank" rel="noopener noreferrer nofollow">https://a.example/</a>&#34;onclick=&#34;x`},
		{"empty", " \n\t\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, p := range paragraphs(c.in) {
				got = append(got, string(p))
			}
			if d := cmp.Diff(c.want, strings.Join(got, "|")); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestTextOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, in, want string }{
		{"paragraphs", "<p>Hej\n Karin</p><p>Slut</p>", "Hej Karin\n\nSlut"},
		{"breaks", "a<br>b<br/><br>c", "a\nb\n\nc"},
		{"head", "<head><title>x</title><style>p{}</style></head><body>y</body>", "y"},
		{"script", "a<script>b()</script>c", "ac"},
		{"list", "<ul><li>a</li><li>b</li></ul>", "- a\n- b"},
		{"table", "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"},
		{"link", `<a href="https://a.example">här</a>`, "här https://a.example"},
		{"link that says so", `<a href="https://a.example">https://a.example</a>`, "https://a.example"},
		{"entities", "&lt;b&gt; &aring;", "<b> å"},
		{"broken", "<p><b>a</i></p", "a"},
		{"pre", "<pre>a\n  b</pre>", "a\n  b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, textOf(c.in)); d != "" {
				t.Error(d)
			}
		})
	}
}

// What makes up an ordinary mail stays.
func TestHarmlessHTML(t *testing.T) {
	t.Parallel()
	c := newCleaner()
	for _, k := range []struct{ name, in, want string }{
		{"words", "<p>Hej <b>du</b> &amp; <i>jag</i></p>", "<p>Hej <b>du</b> &amp; <i>jag</i></p>"},
		{"looks", `<p style="color:#c00;font-weight:bold;margin:0 0 1em 0">x</p>`, `<p style="color: #c00; font-weight: bold; margin: 0 0 1em 0">x</p>`},
		{"table", `<table border="1" cellpadding="4"><tr><td colspan="2" bgcolor="#eee" align="right">x</td></tr></table>`,
			`<table border="1" cellpadding="4"><tr><td colspan="2" bgcolor="#eee" align="right">x</td></tr></table>`},
		{"Outlook", `<p class="MsoNormal"><span style="font-size:11.0pt;font-family:&quot;Calibri&quot;,sans-serif">x<o:p></o:p></span></p>`,
			`<p><span style="font-size: 11.0pt; font-family: &#34;Calibri&#34;,sans-serif">x</span></p>`},
		{"borders", `<td style="border:1px solid #b9c2ca;padding:8px 10px">x</td>`, `<td style="border: 1px solid #b9c2ca; padding: 8px 10px">x</td>`},
		{"picture of its own", `<img src="cid:x" width="20" alt="y">`, `<img src="data:,x" width="20" alt="y">`},
		{"picture elsewhere", `<img src="https://x.example/p.gif" alt="y">`, `y`},
		{"link", `<a href="https://x.example/">y</a>`, `<a>y</a>`},
		{"conditional comment", `a<!--[if gte mso 9]><xml>x</xml><![endif]-->b`, `ab`},
		{"right to left", `<p dir="rtl">x</p>`, `<p dir="rtl">x</p>`},
	} {
		if got, _ := c.clean(k.in, map[string]string{"x": "data:,x"}); got != k.want {
			t.Errorf("%s:\n%s, want\n%s", k.name, got, k.want)
		}
	}
}

// hostile are payloads that must come out of the sanitiser without teeth.
var hostile = []string{
	`<script>alert(1)</script>`, `<SCRIPT SRC=//x.example/x.js></SCRIPT>`, `<img src=x onerror=alert(1)>`,
	`<img src="javascript:alert(1)">`, `<svg onload=alert(1)>`, `<svg><script>alert(1)</script></svg>`,
	`<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">`,
	`<noscript><p title="</noscript><img src=x onerror=alert(1)>">`, `<iframe src=//x.example></iframe>`, `<object data=//x.example></object>`,
	`<embed src=//x.example>`, `<form action=//x.example><input name=a><button>x</button></form>`, `<base href=//x.example>`,
	`<meta http-equiv=refresh content="0;url=//x.example">`, `<link rel=stylesheet href=//x.example/x.css>`,
	`<style>@import url(//x.example/x.css)</style>`, `<div style="background:url(//x.example/p.gif)">x</div>`,
	`<div style="background-image:url('https://x.example/p.gif')">x</div>`, `<p style="color:expression(alert(1))">x</p>`,
	`<p style="position:fixed;top:0;left:0">x</p>`, `<p style="color:red;background:u\72l(//x.example)">x</p>`,
	`<a href="javascript:alert(1)">x</a>`, `<a href="&#106;avascript:alert(1)">x</a>`, `<a href="data:text/html,<script>alert(1)</script>">x</a>`,
	`<a href="vbscript:x" onclick="alert(1)" target="_top">x</a>`, `<img src="https://x.example/p.gif" srcset="https://x.example/2.gif 2x">`,
	`<img src="data:image/svg+xml,<svg onload=alert(1)>">`, `<img src="cid:unknown">`, `<video src=//x.example/v.mp4 poster=//x.example/p.png>`,
	`<audio src=//x.example/a.mp3 autoplay>`, `<picture><source srcset=//x.example/p.png><img src=cid:x></picture>`,
	`<table background="//x.example/p.png"><tr><td background=//x.example/p.png>x</td></tr></table>`, `<body background=//x.example/p.png onload=alert(1)>`,
	`<input type=image src=//x.example/p.png>`, `<q cite="https://x.example/a">x</q>`, `<blockquote cite="https://x.example/a">x</blockquote>`,
	`<!--[if mso]><img src="https://x.example/p.png"><![endif]-->`, `<![CDATA[<script>alert(1)</script>]]>`, `<textarea></textarea><script>alert(1)</script>`,
	`<xmp><script>alert(1)</script></xmp>`, `<title></title><script>alert(1)</script>`, `<template><script>alert(1)</script></template>`,
	`<p id="main" class="button" name="x">x</p>`, `<details ontoggle=alert(1) open>x</details>`, `<marquee onstart=alert(1)>x</marquee>`,
	`<isindex action=//x.example>`, `<keygen autofocus onfocus=alert(1)>`, `<a ping="//x.example" href="#">x</a>`,
	"<img src=\"cid:x\x00\" onerror\x00=alert(1)>", `<scr<script>ipt>alert(1)</scr</script>ipt>`, `<p/onclick=alert(1)>x`, `<svg><style><img src=x onerror=alert(1)></style></svg>`,
	`<select><style></select><img src=x onerror=alert(1)></style>`, `<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>`,
}

func TestHostileHTML(t *testing.T) {
	t.Parallel()
	c := newCleaner()
	for _, in := range hostile {
		out, _ := c.clean(in, map[string]string{"x": "data:image/png;base64," + png})
		if bad := teeth(out); bad != "" {
			t.Errorf("%q became %q: %s", in, out, bad)
		}
	}
}

// teeth parses HTML as a browser does and names the first thing in it that runs, loads,
// sends, or leaves its place.
func teeth(markup string) string {
	root, err := html.Parse(strings.NewReader(markup))
	if err != nil {
		return err.Error()
	}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "script", "style", "iframe", "object", "embed", "form", "input", "button", "base", "meta", "link", "svg", "math",
			"video", "audio", "source", "picture", "template", "noscript", "textarea", "select", "frame", "frameset", "applet":
			return "element " + n.Data
		}
		if bad := badAttribute(n.Attr); bad != "" {
			return bad
		}
	}
	return ""
}

func badAttribute(attrs []html.Attribute) string {
	for _, a := range attrs {
		v := strings.ToLower(a.Val)
		switch {
		case strings.HasPrefix(a.Key, "on"), a.Key == "href", a.Key == "srcset", a.Key == "background", a.Key == "id", a.Key == "class",
			a.Key == "name", a.Key == "action", a.Key == "ping", a.Key == "poster", a.Key == "target", a.Key == "cite":
			return "attribute " + a.Key
		case a.Key == "src" && !strings.HasPrefix(v, "data:image/png;base64,"):
			return "src " + a.Val
		case a.Key == "style" && (strings.Contains(v, "url") || strings.Contains(v, "expression") || strings.Contains(v, "position") || strings.Contains(v, "\\")):
			return "style " + a.Val
		}
	}
	return ""
}

func FuzzCleanHTML(f *testing.F) {
	for _, in := range hostile {
		f.Add(in)
	}
	c := newCleaner()
	pictures := map[string]string{"x": "data:image/png;base64," + png}
	f.Fuzz(func(t *testing.T, in string) {
		out, _ := c.clean(in, pictures)
		if bad := teeth(out); bad != "" {
			t.Errorf("%q became %q: %s", in, out, bad)
		}
	})
}

func FuzzPlainText(f *testing.F) {
	for _, in := range hostile {
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		for _, p := range paragraphs(textOf(in)) {
			root, err := html.Parse(strings.NewReader(string(p)))
			if err != nil {
				t.Fatal(err)
			}
			for n := range root.Descendants() {
				if n.Type != html.ElementNode {
					continue
				}
				switch n.Data {
				case "html", "head", "body", "br", "a":
				default:
					t.Errorf("%q became %q: element %s", in, p, n.Data)
				}
			}
		}
	})
}
