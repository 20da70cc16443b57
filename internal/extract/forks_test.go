package extract

import (
	"strings"
	"testing"
)

// TestForks: of a stretch with several versions each is read in its place, and never two in a row.
func TestForks(t *testing.T) {
	t.Parallel()
	const (
		place = "att[1]/a.docx"
		word  = ` xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" Requires="wps"`
		other = ` xmlns:new="urn:new" Requires="new"`
	)
	run := func(s string) string { return "<w:r><w:t>" + s + "</w:t></w:r>" }
	versions := func(requires, choice, fallback string) string {
		return "<mc:AlternateContent><mc:Choice" + requires + ">" + choice + "</mc:Choice><mc:Fallback>" + fallback + "</mc:Fallback></mc:AlternateContent>"
	}
	para := func(s string) string { return "<w:p>" + s + "</w:p>" }
	box := func(s string) string { return "<w:r><w:pict><w:txbxContent>" + s + "</w:txbxContent></w:pict></w:r>" }
	tests := []struct {
		name, body string
		kind       Kind
		shown      string // as a whole
	}{
		{"the same twice", para(run("8901") + versions(word, run("02"), run("02")) + run("-2387")), AttachmentText, "890102-2387"},
		{"in the first", para(versions(word, run("890102-2387"), run("x"))), AttachmentText, "890102-2387"},
		{"in the second", para(run("8901") + versions(word, run("x"), run("02")) + run("-2387")), Hidden, "8901x-2387"},
		{"of a vocabulary that is not known", para(run("8901") + versions(other, run("x"), run("02")) + run("-2387")), AttachmentText, "890102-2387"},
		{"in the first though it is not known", para(run("8901") + versions(other, run("02"), run("x")) + run("-2387")), Hidden, "8901x-2387"},
		{"mixed", para(run("8901") + versions(other, run("x"), run("02")) + versions(word, run("-2387"), run("x"))), AttachmentText, "890102-2387"},
		{"inside a run", para("<w:r><w:t>8901</w:t>" + versions(word, "<w:t>02</w:t>", "<w:t>02</w:t>") + "<w:t>-2387</w:t></w:r>"), AttachmentText, "890102-2387"},
		{"paragraphs", versions(word, para(run("a")), para(run("890102-2387"))) + para(run("b")), Hidden, "a\nb"},
		{"a paragraph ends in the second", para(run("8901") + versions(word, run("02"), "<w:p/>") + run("-2387")), AttachmentText, "890102-2387"},
		{"one in the other", para(run("8901") + versions(word, run("02"), versions(word, run("y"), run("z"))) + run("-2387")), AttachmentText, "890102-2387"},
		{"text boxes", para(run("8901") + versions(word, box(para(run("a"))), box(para(run("a")))) + run("02-2387")), AttachmentText, "890102-2387\na"},
		{"a box in the second", para(versions(word, run("x"), box(para(run("890102-2387"))))), Hidden, "x"},
		{"many", para(run("8901") + strings.Repeat("<mc:AlternateContent><mc:Choice>", 200) + run("02") + strings.Repeat("</mc:Choice></mc:AlternateContent>", 200) + run("-2387")), AttachmentText, "890102-2387"},
		{"none", para(run("8901") + "<x:Choice>" + run("02") + "</x:Choice>" + run("-2387")), AttachmentText, "890102-2387"},
		{"three", para(run("8901") + "<mc:AlternateContent><mc:Choice" + word + ">" + run("x") + "</mc:Choice><mc:Choice" + word + ">" + run("890102-2387") + "</mc:Choice><mc:Fallback/></mc:AlternateContent>"), Hidden, "8901x"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached("a.docx", zipOf(t, docx(tt.body)...)), Limits{})
			checkContent(t, c, []Segment{{Where: place, Kind: tt.kind, Text: "890102-2387"}}, nil, nil)
			for _, s := range c.Segments {
				if s.Kind == AttachmentText && strings.TrimSpace(s.Text) != tt.shown {
					t.Errorf("shown: %q, want %q", s.Text, tt.shown)
				}
			}
		})
	}
}

// TestForksInSlides: the same in drawings.
func TestForksInSlides(t *testing.T) {
	t.Parallel()
	const versions = `<mc:AlternateContent><mc:Choice Requires="a14">02</mc:Choice><mc:Fallback>02</mc:Fallback></mc:AlternateContent>`
	slide := `<p:sld xmlns:a="a"><a:p><a:r><a:t>8901</a:t></a:r>` + strings.ReplaceAll(versions, "02", "<a:r><a:t>02</a:t></a:r>") + `<a:r><a:t>-2387</a:t></a:r></a:p></p:sld>`
	c := parseLimits(t, attached("a.pptx", zipOf(t,
		file{"[Content_Types].xml", `<Types><Default Extension="xml" ContentType="application/xml"/><Override PartName="/ppt/presentation.xml" ContentType="application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"/></Types>`},
		file{"ppt/presentation.xml", "<p/>"}, file{"ppt/slides/slide1.xml", slide})), Limits{})
	checkContent(t, c, []Segment{{Where: "att[1]/a.pptx!slide1", Kind: AttachmentText, Text: "890102-2387"}}, nil, nil)
	c = parseLimits(t, attached("a.xlsx", zipOf(t, xlsx("", file{"xl/drawings/drawing1.xml", strings.ReplaceAll(slide, "p:sld", "xdr:wsDr")})...)), Limits{})
	checkContent(t, c, []Segment{{Where: "att[1]/a.xlsx!drawing1", Kind: AttachmentText, Text: "890102-2387"}}, nil, nil)
}

// TestRuby: what stands above a word does not cut it.
func TestRuby(t *testing.T) {
	t.Parallel()
	ruby := func(above, base string) string {
		return "<w:ruby><w:rubyPr/><w:rt><w:r><w:t>" + above + "</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>" + base + "</w:t></w:r></w:rubyBase></w:ruby>"
	}
	tests := []struct {
		name, body string
		kind       Kind
	}{
		{"in the base", "<w:r><w:t>8901</w:t>" + ruby("x", "02") + "<w:t>-2387</w:t></w:r>", AttachmentText},
		{"above", "<w:r>" + ruby("8901", "a") + "</w:r><w:r>" + ruby("02-2387", "b") + "</w:r>", AttachmentText},
		{"in place of the base", "<w:r><w:t>8901</w:t></w:r><w:r>" + ruby("02", " ") + "</w:r><w:r><w:t>-2387</w:t></w:r>", Hidden},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached("a.docx", zipOf(t, docx("<w:p>"+tt.body+"</w:p>")...)), Limits{})
			checkContent(t, c, []Segment{{Where: "att[1]/a.docx", Kind: tt.kind, Text: "890102-2387"}}, nil, nil)
		})
	}
}
