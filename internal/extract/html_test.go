package extract

import (
	"strings"
	"testing"
	"time"
)

func TestWalkHTML(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in, text, all, hidden, links string
	}{
		{name: "inline joins, blocks part", in: "<p>pay<b>roll</b> 8901<span>02</span><i></i>-2387</p><div>next</div>", text: "payroll 890102-2387\nnext"},
		{name: "vanishing marks", in: "89&shy;01<wbr>02", text: "890102"},
		{name: "entities", in: "&#56;&#x39;&aring; a&nbsp;b &amp;#48; AT&amp;T &lt", text: "89å a\u00a0b 0 AT&T <"},
		{name: "white space", in: " a \n\t b  <b> c </b> d ", text: "a b c d"},
		{name: "pre", in: "<pre>a\n  b</pre>c", text: "a\n  b\nc"},
		{name: "table", in: "<table><tr><th>Namn</th><th>Nr</th></tr>\n<tr>\n<td><p class=MsoNormal>A</p></td>\n<td><p>890102</p><p>x</p></td></tr></table>after", text: "Namn\tNr\nA\t890102\nx\nafter"},
		{name: "empty cells keep columns", in: "<tr><td></td><td>b</td><td></td><td>d</td></tr><tr><td>e", text: "\tb\t\td\ne"},
		{name: "script, style and comment leave no space", in: "89<script>var a='<p>';</script>01<style>p{}</style>02<!-- x -->-2387", text: "890102-2387", hidden: "x"},
		{name: "text in a style", in: "<style>p:before{content:'890102-2387'}</style>text", text: "text", hidden: "890102-2387"},
		{name: "empty style", in: "<style></style>text", text: "text"},
		{name: "unclosed style", in: "a<style>p{} 890102", text: "a", hidden: "p{} 890102"},
		{name: "title and alt", in: "<head><title>Rubrik</title></head><img alt='en bild' title=t src=https://x.example/i.png>", hidden: "Rubrik\nen bild\nt", links: "https://x.example/i.png"},
		{name: "links", in: `<a href="https://x.example/?a=1&amp;b=%38%39">här</a> <a href="#top">upp</a><a href="https://x.example/?a=1&amp;b=%38%39">igen</a>`, text: "här uppigen", links: "https://x.example/?a=1&b=%38%39\nhttps://x.example/?a=1&b=89"},
		{name: "hidden element", in: `a<span style="color:red;DISPLAY : none !important">hemligt</span>b<div hidden>också</div>c`, text: "ab\nc", all: "ahemligtb\nockså\nc", hidden: "abc"},
		{name: "hidden nests", in: `<div style="display:none">a<div>b</div>c</div>d`, text: "d", all: "a\nb\nc\nd"},
		{name: "ways to hide", in: `<p style="visibility:hidden">a</p><p style="mso-hide:all">b</p><p style="font-size:0px">c</p><p style="max-height:0">d</p><p style="opacity:0.0">e</p>x<p style="opacity:.5;font-size:10px">y</p>`, text: "x\ny", all: "a\nb\nc\nd\ne\nx\ny"},
		{name: "void elements hide nothing", in: `<img style="display:none">a<br hidden>b`, text: "a\nb", hidden: "ab"},
		{name: "not hidden", in: `<span style="display:none-such">a</span>`, text: "a"},
		{name: "conditional comment", in: "a<!--[if mso]><table><tr><td>89<b>01</b></td></tr></table><![endif]-->b", text: "ab", hidden: "[if mso]>\n8901\n[endif]"},
		{name: "noscript is markup", in: "<noscript><p>89<b>01</b></p></noscript>", text: "8901"},
		{name: "style inside svg is markup", in: "<svg><style><b>x</b></style></svg>y", text: "xy", hidden: "y"},
		{name: "textarea", in: "<textarea>a &amp; b</textarea>", text: "a & b"},
		{name: "no end tags", in: "<p>a<p>b<li>c<br>d", text: "a\nb\nc\nd"},
		{name: "input", in: "<input value='890102'>", hidden: "890102"},
		{name: "attributes that hold text", in: "<meta name=d content='meta 1'><td data-pnr='890102-2387' DATA-note='two 2' data-=x data=no>a</td><b aria-label='aria 3' aria-description='aria 4' title='title 5'>b</b><input placeholder='place 6' value='value 7'><img alt='alt 8'>", text: "ab", hidden: "meta 1\n890102-2387\ntwo 2\nx\naria 3\naria 4\ntitle 5\nplace 6\nvalue 7\nalt 8"},
		{name: "document in an attribute", in: "a<iframe srcdoc='<p data-x=&quot;890102&quot;>b<i>c</i></p>'></iframe>", text: "a", hidden: "bc\n890102"},
		{name: "broken tags", in: "a<b c<d e='f>g</b>h", text: "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := walkHTML([]byte(tt.in))
			if m.Text != tt.text || m.All != tt.all {
				t.Errorf("text = %q, all = %q; want %q, %q", m.Text, m.All, tt.text, tt.all)
			}
			if got := strings.TrimSpace(m.Hidden); got != tt.hidden {
				t.Errorf("hidden = %q, want %q", got, tt.hidden)
			}
			if got := strings.TrimSpace(m.Links); got != tt.links {
				t.Errorf("links = %q, want %q", got, tt.links)
			}
		})
	}
}

func TestHTMLQuotes(t *testing.T) {
	t.Parallel()
	m := walkHTML([]byte("new<blockquote>old<blockquote>older</blockquote></blockquote>new<blockquote>open"))
	var got []string
	for _, q := range m.Quoted {
		got = append(got, strings.TrimSpace(m.Text[q.Start:q.End]))
	}
	if strings.Join(got, "|") != "old\nolder|open" {
		t.Errorf("quoted = %q in %q", got, m.Text)
	}
}

// TestHTMLDeep: nesting costs nothing and loses nothing.
func TestHTMLDeep(t *testing.T) {
	t.Parallel()
	m := walkHTML([]byte(strings.Repeat("<div>", 100000) + "890102"))
	if m.Text != "890102" {
		t.Errorf("text = %q", m.Text)
	}
}

// TestLinear feeds inputs that are quadratic for a careless reader. A megabyte of each is
// read in well under a second; the bound is wide enough for any machine, and a quadratic
// reader is far beyond it.
func TestLinear(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	head := "Content-Type: text/html\r\n\r\n"
	inputs := map[string]string{
		"open tags":           head + fill("<div><span style='display:none'>"),
		"open comments":       head + fill("<!--"),
		"open raw":            head + fill("<style>"),
		"closing raw":         head + "<style>" + fill("</styl"),
		"attributes":          head + "<a " + fill("b=c "),
		"one attribute":       head + "<a href='" + fill("x"),
		"entities":            head + fill("&amp;"),
		"ampersands":          head + fill("&"),
		"cells":               head + "<table>" + fill("<td>"),
		"quotes":              head + fill("<blockquote>a"),
		"links":               head + fill("<a href=x%41>"),
		"boundaries":          "Content-Type: multipart/mixed; boundary=B\r\n\r\n" + fill("--B\r\n"),
		"near boundaries":     "Content-Type: multipart/mixed; boundary=B\r\n\r\n" + fill("--Bx\r\n"),
		"begin":               "\r\n" + fill("begin 644 "),
		"folds":               "Subject: a\r\n" + fill(" b\r\n") + "\r\n",
		"encoded words":       "Subject: " + fill("=?utf-8?q?a?= ") + "\r\n\r\n",
		"half encoded words":  "Subject: " + fill("=?") + "\r\n\r\n",
		"half words":          "Subject: " + fill("=?a?q?") + "\r\n\r\n",
		"addresses":           "To: " + fill("a@b.example,") + "\r\n\r\n",
		"comments":            "To: " + fill("((") + "\r\n\r\n",
		"quotes in address":   "To: " + fill(`"`) + "\r\n\r\n",
		"ids":                 "References: " + fill("<a>") + "\r\n\r\n",
		"params":              "Content-Type: text/plain" + fill(";a=b") + "\r\n\r\n",
		"sections":            "Content-Type: text/plain" + fill(`;a*0="`) + "\r\n\r\n",
		"soft breaks":         "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + fill("=\r\n"),
		"equals":              "Content-Transfer-Encoding: quoted-printable\r\n\r\n" + fill("="),
		"padding":             "Content-Transfer-Encoding: base64\r\n\r\n" + fill("QQ=="),
		"json":                "Content-Type: application/json\r\n\r\n{" + fill(`"\u0041`),
		"xml":                 "Content-Type: text/xml\r\n\r\n" + fill("<a>"),
		"xml attributes":      "Content-Type: text/xml\r\n\r\n<a " + fill("b='c' "),
		"csv quotes":          "Content-Type: text/csv\r\n\r\n" + fill(`"a;`),
		"messages":            fill("Content-Type: message/rfc822\r\n\r\n"),
		"junk header":         "Subject: s\r\n" + fill("junk\r\n"),
		"tags in json":        "Content-Type: application/json\r\n\r\n{" + fill(`"<b>x",`),
		"half tags in json":   "Content-Type: application/json\r\n\r\n{\"" + fill("<a"),
		"json in json":        "Content-Type: application/json\r\n\r\n{" + fill(`"{\"\\u003c`),
		"tags in xml":         "Content-Type: text/xml\r\n\r\n" + fill("<a>&lt;b&gt;x</a>"),
		"half tags in xml":    "Content-Type: text/xml\r\n\r\n<a>" + fill("&lt;b"),
		"white cells":         head + fill("<td>x<font color=white>y</font>"),
		"white lines":         head + "<p>" + fill("x<i style='color:#fff'>y</i>z<br>"),
		"white line":          head + "<p>" + fill("x<i style='color:#fff'>y</i>z "),
		"open rules":          head + "<style>" + fill("@{.x{"),
		"hiding rules":        head + "<style>" + fill("x,y{display:none}") + "</style>",
		"style sheets":        head + fill("<style>x{display:none}</style>"),
		"half addresses":      head + "<p style='(:," + fill("data:"),
		"data addresses":      head + fill("<a href=data:,x>"),
		"not drawn":           head + "<p>" + fill("x<canvas>y</canvas>"),
		"not drawn lines":     head + "<p>" + fill("x<dialog>y</dialog>"),
		"side by side":        head + "<p>" + fill("x<div style='float:left'>y</div> "),
		"inline blocks":       head + "<style>div{display:inline}</style>" + fill("<div>x"),
		"open rows":           head + fill("<div style='display:flex'>x"),
		"touching cells":      head + fill("<table cellpadding=0><td>x<td>y"),
		"for Outlook":         head + "<p>" + fill("x<!--[if mso]>y<![endif]-->"),
		"lines for Outlook":   head + "<p>x" + fill("<!--[if mso]><p>y<![endif]-->"),
		"blocks for Outlook":  head + "<p>" + fill("x<!--[if mso]><p><![endif]-->"),
		"not for Outlook":     head + "<p>" + fill("x<![if !mso]>y"),
		"added":               head + "<style>*:before,i:after,b:after{content:'0123456789' attr(a)}</style>" + fill("<i a=b>x</i>"),
		"rules that add":      head + "<style>" + fill("*,p,x:after{content:'0' attr(a)}") + "</style>" + strings.Repeat("<p a=b>x", 1000),
		"strings in a script": "Content-Type: text/html\r\nContent-Disposition: attachment; filename=a.html\r\n\r\n<script>" + fill(`+"QUFBQUFBQUE="`) + "</script>",
		"lists in a script":   "Content-Type: text/html\r\nContent-Disposition: attachment; filename=a.html\r\n\r\n<script>" + fill(`["a","b"].join("");`) + "</script>",
		"open strings":        "Content-Type: text/html\r\nContent-Disposition: attachment; filename=a.html\r\n\r\n<script>" + fill("\"a\n/*'`") + "</script>",
		"numbers in a script": "Content-Type: text/html\r\nContent-Disposition: attachment; filename=a.html\r\n\r\n<script>" + fill("56,57,1,") + "</script>",
		"handlers":            "Content-Type: text/html\r\nContent-Disposition: attachment; filename=a.html\r\n\r\n" + fill("<p onclick=x()>"),
		"joined lists":        "Content-Type: text/html\r\nContent-Disposition: attachment; filename=a.html\r\n\r\n<script>[" + fill(`"x",].join(""),`) + "</script>",
		"xml in pieces":       "Content-Type: text/xml\r\n\r\n<a>" + fill("x<b>y</b>"),
		"svg in pieces":       "Content-Type: image/svg+xml\r\n\r\n<svg xmlns='http://www.w3.org/2000/svg'><text>" + fill("x<desc>y</desc>"),
		"parameters":          "Content-Type: text/enriched\r\n\r\n" + fill("a<param>b</param>"),
		"open parameters":     "Content-Type: text/enriched\r\n\r\n" + fill("a<param>"),
		"armour":              head + fill("-----BEGIN PGP MESSAGE----- "),
		"hidden rtf":          "Content-Type: application/rtf\r\n\r\n{\\rtf1" + fill(`{\v x}{\deleted y}`),
	}
	for name, in := range inputs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, in, Limits{Time: time.Minute})
			for _, u := range c.Unreadable {
				if u.Reason == Timeout {
					t.Error("took more than a minute")
				}
			}
		})
	}
}

func FuzzWalkHTML(f *testing.F) {
	for _, s := range []string{"<p>a<b>b</b>", "<!--[if mso]><p>x<![endif]-->", "<style>a", "<td><tr><td>x", "<a href='x%41'>", "<blockquote>a</blockquote></blockquote>", "<svg><title>x", "<div style='display:none'><div>a</div></div>b"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m := walkHTML(b)
		end := 0
		for _, q := range m.Quoted {
			if q.Start < end || q.End < q.Start || q.End > len(m.Text) {
				t.Fatalf("quoted %v in %d bytes", m.Quoted, len(m.Text))
			}
			end = q.End
		}
	})
}
