package extract

import (
	"strings"
	"testing"
)

// odfWith is a document of OpenDocument: the kind that the body has, styles, the body.
func odfWith(t testing.TB, kind, styles, body string) []byte {
	t.Helper()
	const ns = ` xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"`
	return zipOf(t,
		file{"mimetype", "application/vnd.oasis.opendocument." + kind},
		file{"content.xml", "<office:document-content" + ns + "><office:automatic-styles>" + styles + "</office:automatic-styles><office:body><office:" + kind + ">" + body +
			"</office:" + kind + "></office:body></office:document-content>"})
}

// TestOpenDocumentPlaces: what programs show that stands in no paragraph, or not in one piece.
func TestOpenDocumentPlaces(t *testing.T) {
	t.Parallel()
	first, last := secret[:6], secret[6:]
	list := func(level string) string { return `<text:list-style style:name="L">` + level + `</text:list-style>` }
	items := func(text string) string {
		return `<text:list text:style-name="L"><text:list-item><text:p>` + text + `</text:p><text:p>mer</text:p></text:list-item></text:list>`
	}
	numbers := func(attrs string) string { return list(`<text:list-level-style-number text:level="1" ` + attrs + `/>`) }
	cell := func(attrs, text string) string {
		return `<table:table table:name="B"><table:table-row><table:table-cell ` + attrs + `>` + text + `</table:table-cell></table:table-row></table:table>`
	}
	for _, tt := range []struct{ name, kind, styles, body, want string }{
		{"number of a list item", "text", numbers(`style:num-format="1" style:num-suffix="-" text:start-value="` + first + `"`), items(last[1:]), secret},
		{"prefix of a list", "text", numbers(`style:num-format="1" style:num-prefix="` + first + `-" text:start-value="2387"`), items("hej"), secret + "\thej"},
		{"text as a label", "text", numbers(`style:num-format="" style:num-prefix="` + secret + `"`), items("hej"), secret + "\thej"},
		{"format of LibreOffice for a label", "text", numbers(`style:num-format="1" loext:num-list-format="8901%1%-" text:start-value="02"`), items("2387"), secret[:4] + "2-2387"},
		{"text around a number", "text", numbers(`style:num-format="" loext:num-list-format="` + secret + `"`), items("hej"), secret + "\thej"},
		{"title of a picture", "text", "", `<text:p>8<draw:frame><svg:title>` + secret + `</svg:title></draw:frame>x</text:p>`, "\n" + secret},
		{"mark of a list", "text", list(`<text:list-level-style-bullet text:level="1" text:bullet-char="8"/>`), items(secret[1:]), secret},
		{"second item", "text", numbers(`style:num-format="1" style:num-suffix="-" text:start-value="890101"`), items("hej") + `<text:list text:style-name="L" text:continue-numbering="true"><text:list-item><text:p>2387</text:p></text:list-item></text:list>`, secret},
		{"item with a start of its own", "text", numbers(`style:num-format="1" style:num-suffix="-"`), `<text:list text:style-name="L"><text:list-item text:start-value="` + first + `"><text:p>2387</text:p></text:list-item></text:list>`, secret},
		{"second level", "text", list(`<text:list-level-style-number text:level="2" style:num-format="1" style:num-suffix="-" text:start-value="` + first + `"/>`), `<text:list text:style-name="L"><text:list-item><text:list><text:list-item><text:p>2387</text:p></text:list-item></text:list></text:list-item></text:list>`, secret},
		{"number of a heading", "text", `<text:outline-style><text:outline-level-style text:level="1" style:num-format="1" style:num-suffix="-" text:start-value="` + first + `"/></text:outline-style>`, `<text:h text:outline-level="1">2387</text:h>`, secret},
		{"prefix of notes", "text", `<text:notes-configuration style:num-prefix="` + secret + `"/>`, "", secret},
		{"a change that was removed", "text", "", `<text:tracked-changes><text:changed-region text:id="c"><text:deletion><text:p>02</text:p></text:deletion></text:changed-region></text:tracked-changes><text:p>8901<text:change text:change-id="c"/>-2387</text:p>`, secret},
		{"above other text", "text", "", `<text:p><text:ruby><text:ruby-base>8901</text:ruby-base><text:ruby-text>x</text:ruby-text></text:ruby>02-2387</text:p>`, secret},
		{"a drawing between", "text", "", `<text:p>8901<draw:line><text:p>x</text:p></draw:line>02-2387</text:p>`, secret},
		{"formula of numbers", "text", "", `<math><mrow><mn>` + first + `</mn><mo>-</mo><mn>2387</mn></mrow></math>`, secret},
		{"field to choose in", "text", "", `<text:p><text:drop-down><text:label text:value="` + secret + `"/></text:drop-down></text:p>`, secret},
		{"control to choose in", "text", "", `<text:p><loext:content-control><loext:list-item loext:display-text="` + secret + `"/></loext:content-control></text:p>`, secret},
		{"field of a form", "text", "", `<form:text form:value="` + secret + `"/>`, secret},
		{"title of a link", "text", "", `<text:p><text:a office:title="` + secret + `">x</text:a></text:p>`, secret},
		{"variable", "text", "", `<text:p><text:variable-set text:formula="ooow:&quot;` + first + `&quot;&amp;&quot;` + last + `&quot;">x</text:variable-set></text:p>`, secret},
		{"name of a sheet", "spreadsheet", "", `<table:table table:name="` + secret + `"/>`, secret},
		{"name of a page", "presentation", "", `<draw:page draw:name="` + secret + `"/>`, secret},
		{"formula without a result", "spreadsheet", "", cell(`table:formula="of:=&quot;`+first+`&quot;&amp;&quot;`+last+`&quot;"`, ""), secret},
		{"formula that formats", "spreadsheet", "", cell(`table:formula="of:=TEXT(8901022387;&quot;000000-0000&quot;)"`, ""), secret},
		{"expression with a name", "spreadsheet", "", `<table:named-expression table:expression="&quot;` + secret + `&quot;"/>`, secret},
		{"condition", "spreadsheet", "", `<calcext:condition calcext:value="=&quot;` + secret + `&quot;"/>`, secret},
		{"title of a help text", "spreadsheet", "", `<table:help-message table:title="` + secret + `"/>`, secret},
		{"comment of a scenario", "spreadsheet", "", `<table:scenario table:comment="` + secret + `"/>`, secret},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkHeld(t, parseLimits(t, attached("a.odt", odfWith(t, tt.kind, tt.styles, tt.body)), Limits{}), tt.want)
		})
	}
}

// TestOrdinaryOpenDocumentLists: labels that say nothing are given out nowhere.
func TestOrdinaryOpenDocumentLists(t *testing.T) {
	t.Parallel()
	styles := `<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1" style:num-suffix="."/>` +
		`<text:list-level-style-bullet text:level="2" text:bullet-char="&#8226;"/></text:list-style>`
	body := `<text:list text:style-name="L"><text:list-item><text:p>ett</text:p><text:list><text:list-item><text:p>under</text:p></text:list-item></text:list></text:list-item></text:list>`
	c := parseLimits(t, attached("a.odt", odfWith(t, "text", styles, body)), Limits{})
	checkContent(t, c, []Segment{{Where: "att[1]/a.odt", Kind: AttachmentText, Text: "ett\nunder"}}, nil, nil)
	for _, s := range c.Segments {
		if s.Kind == Hidden {
			t.Errorf("%q", s.Text)
		}
	}
}

// TestODFSlides: each slide has an address of its own, whatever it is called, in a flat file too; a drawing has none.
func TestODFSlides(t *testing.T) {
	t.Parallel()
	const content = `<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:draw="d" xmlns:text="x"><office:body><office:%s><draw:page draw:name="a"><text:p>one</text:p></draw:page>` +
		`<draw:page draw:name="a"><text:p>two</text:p><draw:frame><draw:text-box><text:p>box</text:p></draw:text-box></draw:frame></draw:page></office:%s></office:body></office:document>`
	for _, tt := range []struct {
		name, kind string
		flat       bool
		places     [2]string
	}{
		{"a.odp", "presentation", false, [2]string{"!slide1", "!slide2"}},
		{"a.fodp", "presentation", true, [2]string{"!slide1", "!slide2"}},
		{"a.odg", "drawing", false, [2]string{}},
	} {
		body := strings.ReplaceAll(content, "%s", tt.kind)
		data := []byte(`<?xml version="1.0"?>` + body)
		if !tt.flat {
			data = zipOf(t, file{"mimetype", "application/vnd.oasis.opendocument." + tt.kind}, file{"content.xml", body})
		}
		c := parseLimits(t, attached(tt.name, data), Limits{})
		for i, text := range []string{"one", "two\nbox"} {
			if want := (Segment{Where: "att[1]/" + tt.name + tt.places[i], Kind: AttachmentText, Text: text}); !hasSegment(c, want) {
				t.Errorf("no %v in\n%s", want, dump(c))
			}
		}
	}
}
