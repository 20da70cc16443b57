package extract

import (
	"strings"
	"testing"
)

// TestUnseenHTML: what a style may hide is read where it stands, and the line is read without it too.
func TestUnseenHTML(t *testing.T) {
	t.Parallel()
	const number = "890102-2387"
	for _, markup := range []string{
		`<style>.x{display:none}</style>8901<i class=x>zz</i>02-2387`,
		`<style>p > i.y.X , b{color:red;Display : none!important}</style>8901<i class="a X">zz</i>02-2387`,
		`8901<i id=x>zz</i>02-2387<style><!-- #x{font-size:0} --></style>`,
		`<StYle>@media all{i/**/{vis\69 bility:hidden}}</STYLE>8901<i>zz</i>02-2387`,
		`<style>[data-h]{opacity:0}</style>8901<i data-h>zz</i>02-2387`,
		`<style>[data-h="1"]:first-child{opacity:0}</style>8901<i data-h=1>zz</i>02-2387`,
		`8901<font color=White>zz</font>02-2387`,
		`8901<span style="color:#FFF">zz</span>02-2387`,
		`8901<span style="color:rgb(255, 255,255)">zz</span>02-2387`,
		`8901<span style="color:rgba(0,0,0,0)">zz</span>02-2387`,
		`8901<span style="color:#123;background-color:#123">zz</span>02-2387`,
		`8901<span style="font-size:1px">zz</span>02-2387`,
		`8901<span style="position:absolute;left:-9999px">zz</span>02-2387`,
		`8901<span style="display:inline-block;width:0;overflow:hidden">zz<b>z</b>z</span>02-2387`,
		`8901<span style="clip-path:inset(100%)">zz</span>02-2387`,
		`<p>x</p>8901<span style="color:white">zz<p>zz</p></span>02-2387<p>x</p>8901<span style="color:white">zz</span>02-2387`,
		`<td>8901<font color=white>zz</font>02-2387<td>zz`,
		`<p style="color:white">zz<p>8901<font color=white>zz</font>02-2387`,
		`<!-- <p>8901<font color=white>zz</font>02-2387</p> -->`,
	} {
		m := walkHTML([]byte(markup))
		if !strings.Contains(m.Hidden, number) {
			t.Errorf("%s: hidden = %q", markup, m.Hidden)
		}
		if !strings.Contains(m.Text+m.Hidden, "8901zz") {
			t.Errorf("%s: text = %q", markup, m.Text)
		}
	}
	for _, style := range []string{"display:none", "display:none;color:red", "font-size:0.0pt", "font-size:0rem", "d\\69splay:none", "display/**/:none", "opacity:0%", "MSO-HIDE:ALL"} {
		m := walkHTML([]byte(`8901<span style="` + style + `">zz</span>02-2387`))
		if m.Text != number || m.All != "8901zz02-2387" {
			t.Errorf("%s: text = %q, all = %q", style, m.Text, m.All)
		}
	}
	for _, markup := range []string{
		`<style>p{color:#333} .x{display:block} a{color:#ffa}</style><p class=x>a <a href=x>b</a></p>`,
		`a<span style="color:#fff;background:#036">b</span>`, `a<span style="color:rgb(1,2)">b</span>`, `a<span style="color:rgb()">b</span>`, `a<span style="color:#f">b</span>`,
		`<p style="color:white">a</p>b`, `<p style="text-indent:-18.0pt;margin-left:-5px;font-size:9.0pt">a</p>`, `<style>.x{display:none}</style><p>a</p><p class=x>b</p>c`,
	} {
		if m := walkHTML([]byte(markup)); m.Hidden != "" {
			t.Errorf("%s: hidden = %q", markup, m.Hidden)
		}
	}
}

// TestUnseenWord: the same for documents of Word, where a mark between paragraphs may be hidden too.
func TestUnseenWord(t *testing.T) {
	t.Parallel()
	run := func(props, text string) string {
		return "<w:r><w:rPr>" + props + "</w:rPr><w:t>" + text + "</w:t></w:r>"
	}
	para := func(props, text string) string {
		return "<w:p><w:pPr>" + props + "</w:pPr>" + text + "</w:p>"
	}
	amid := func(props string) string { return para("", run("", "8901")+run(props, "zz")+run("", "02-2387")) }
	apart := func(props string) string {
		return para("<w:rPr>"+props+"</w:rPr>", run("", "8901")) + para("", run("", "02-2387"))
	}
	styles := `<w:styles><w:style w:styleId="H"><w:rPr><w:vanish/></w:rPr></w:style><w:style w:styleId="I"><w:basedOn w:val="H"/></w:style><w:style w:styleId="W"><w:rPr><w:color w:val="FFFFFF"/></w:rPr></w:style></w:styles>`
	tests := []struct{ name, body, text string }{
		{"hidden", amid("<w:vanish/>"), "8901zz02-2387"},
		{"always hidden", amid("<w:specVanish/>"), "8901zz02-2387"},
		{"white", amid(`<w:color w:val="ffffff"/>`), "8901zz02-2387"},
		{"tiny", amid(`<w:sz w:val="2"/>`), "8901zz02-2387"},
		{"by a style", amid(`<w:rStyle w:val="H"/>`), "8901zz02-2387"},
		{"by a style of a style", amid(`<w:rStyle w:val="I"/>`), "8901zz02-2387"},
		{"white by a style", amid(`<w:rStyle w:val="W"/>`), "8901zz02-2387"},
		{"hidden mark", apart("<w:vanish/>"), "8901\n02-2387"},
		{"separator of styles", apart("<w:vanish/><w:specVanish/>"), "8901\n02-2387"},
		{"deleted mark", apart(`<w:del w:id="1"/>`), "8901\n02-2387"},
		{"hidden paragraph", para("", run("", "8901")) + para(`<w:pStyle w:val="H"/>`, run("", "890102-2387")) + para("", run("", "x")), "890102-2387"},
		{"hidden marks at the end", para("<w:rPr><w:vanish/></w:rPr>", run("", "8901")) + para("<w:rPr><w:vanish/></w:rPr>", run("", "02-2387")), "8901\n02-2387"},
		{"put in", para("", run("", "8901")+`<w:ins w:id="1">`+run("", "zz")+"</w:ins>"+run("", "02-2387")), "8901zz02-2387"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached("a.docx", zipOf(t, append(docx(tt.body), file{"word/styles.xml", styles})...)), Limits{})
			want := []Segment{{Where: "att[1]/a.docx", Kind: AttachmentText, Text: tt.text}}
			if !strings.Contains(tt.text, "890102-2387") {
				want = append(want, Segment{Where: "att[1]/a.docx", Kind: Hidden, Text: "890102-2387"})
			}
			checkContent(t, c, want, nil, nil)
		})
	}
	plain := para("", run("", "8901")) + para(`<w:rPr><w:b/></w:rPr>`, run(`<w:color w:val="FFFFFE"/><w:sz w:val="16"/><w:vanish w:val="0"/>`, "02")) + para("", run(`<w:color w:val="auto"/>`, "x"))
	c := parseLimits(t, attached("a.docx", zipOf(t, append(docx(plain), file{"word/styles.xml", styles})...)), Limits{})
	for _, s := range c.Segments {
		if s.Kind == Hidden && s.Attachment >= 0 {
			t.Errorf("hidden: %q", s.Text)
		}
	}
}

// TestUnseenODF: the same for OpenDocument, and fields whose text depends on a condition.
func TestUnseenODF(t *testing.T) {
	t.Parallel()
	style := func(props string) string {
		return `<office:automatic-styles><style:style style:name="T1"><style:text-properties ` + props + `/></style:style></office:automatic-styles>`
	}
	const amid = `<text:p>x</text:p><text:p>8901<text:span text:style-name="T1">z<text:span>z</text:span></text:span>02-<text:span>2387</text:span></text:p><text:p>y</text:p>`
	tests := []struct{ name, content, text string }{
		{"hidden", style(`text:display="none"`) + amid, "8901zz02-2387"},
		{"white", style(`fo:color="#FFFFFF"`) + amid, "8901zz02-2387"},
		{"as its background", style(`fo:color="#123456" fo:background-color="#123456"`) + amid, "8901zz02-2387"},
		{"tiny", style(`fo:font-size="1pt"`) + amid, "8901zz02-2387"},
		{"by a style of the document", `<text:p>8901<text:span text:style-name="Dold">zz</text:span>02-2387</text:p>`, "8901zz02-2387"},
		{"by a style of a style", `<office:automatic-styles><style:style style:name="T1" style:parent-style-name="Dold"/></office:automatic-styles>` + amid, "8901zz02-2387"},
		{"hidden blanks", style(`text:display="none"`) + `<text:p>8901<text:span text:style-name="T1"><text:tab/><text:s/></text:span>02-2387</text:p>`, "8901"},
		{"hidden text", `<text:p>8901<text:hidden-text text:condition="1" text:string-value="890102-2387" text:is-hidden="true"/></text:p>`, "8901"},
		{"text on a condition", `<text:p>x<text:conditional-text text:string-value-if-true="890102-2387" text:string-value-if-false="b">b</text:conditional-text></text:p>`, "xb"},
		{"form", `<form:form><form:textarea form:current-value="890102-2387"/></form:form><text:p>x</text:p>`, "x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached("a.odt", zipOf(t,
				file{"mimetype", "application/vnd.oasis.opendocument.text"}, file{"content.xml", "<office:document-content>" + tt.content + "</office:document-content>"},
				file{"styles.xml", `<office:document-styles><style:style style:name="Dold"><style:text-properties text:display="none"/></style:style></office:document-styles>`})), Limits{})
			checkContent(t, c, []Segment{{Where: "att[1]/a.odt", Kind: AttachmentText, Text: tt.text}, {Where: "att[1]/a.odt", Kind: Hidden, Text: "890102-2387"}}, nil, nil)
		})
	}
	for _, text := range []string{`<text:section text:display="none"><text:p>890102-2387</text:p></text:section>`, `<text:p><text:hidden-paragraph text:is-hidden="true"/>890102-2387</text:p>`, style(`fo:color="#ffffff" fo:background-color="#000000"`) + `<text:p>89<text:span text:style-name="T1">01</text:span>02-2387</text:p>`} {
		c := parseLimits(t, attached("a.odt", zipOf(t, file{"mimetype", "application/vnd.oasis.opendocument.text"}, file{"content.xml", text})), Limits{})
		checkContent(t, c, []Segment{{Where: "att[1]/a.odt", Kind: AttachmentText, Text: "890102-2387"}}, nil, c.Unreadable)
	}
}
