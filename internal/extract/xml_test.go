package extract

import (
	"encoding/xml"
	"strings"
	"testing"
)

// counter counts text.
type counter struct{ n, most int }

func (c *counter) start(string, []xml.Attr) {}
func (c *counter) end(string)               {}
func (c *counter) chars(b []byte)           { c.n += len(b); c.most = max(c.most, len(b)) }

// TestCutText: what nobody sees between two pieces of text does not part them.
func TestCutText(t *testing.T) {
	t.Parallel()
	for _, cut := range []string{"<!-- x -->", "<?x y?>", "<![CDATA[]]>", "<!-- -->" + strings.Repeat("<?a?>", 100), ""} {
		text := "<a><b>8901" + cut + "02-2387</b></a>"
		c := parseLimits(t, attached("a.docx", zipOf(t, docx("<w:p><w:r><w:t>x</w:t></w:r></w:p>", file{"customXml/item1.xml", text})...)), Limits{})
		checkContent(t, c, []Segment{{Where: "att[1]/a.docx!item1", Kind: Hidden, Text: "890102-2387"}}, nil, nil)
		c = parseLimits(t, attached("a.xml", []byte(text)), Limits{})
		checkContent(t, c, []Segment{{Where: "att[1]/a.xml", Kind: AttachmentText, Text: "890102-2387"}}, nil, nil)
		c = parseLimits(t, attached("a.docx", zipOf(t, docx("<w:p><w:r><w:t>8901"+cut+"02-2387</w:t></w:r></w:p>")...)), Limits{})
		checkContent(t, c, []Segment{{Where: "att[1]/a.docx", Kind: AttachmentText, Text: "890102-2387"}}, nil, nil)
	}
	many := "<a><b>" + strings.Repeat(noise(1000)+"<!-- -->", 3000) + "</b></a>"
	j := &counter{}
	w := &walker{lim: Limits{Text: 1 << 20}.Filled(), out: &Content{}}
	w.tokens(strings.NewReader(many), "x", j)
	if j.most > 1<<20+tokenRoom+1000 || j.n != 3000*1000 {
		t.Errorf("%d bytes, %d at once", j.n, j.most)
	}
}
