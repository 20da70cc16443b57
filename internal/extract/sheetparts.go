package extract

import (
	"encoding/xml"
	"strings"
)

// sheetPart reads a part of a workbook that is no sheet: as the paragraphs it may hold, and what a reader meets in it that
// is written otherwise: the names of columns, of persons and of connections, comments in one piece, characters that are
// escaped.
type sheetPart struct {
	*paragraphs
	named  bool // its names are what somebody wrote
	pieces strings.Builder
	box    int // open text boxes of a drawing
}

// namedPart says whether a part is in one of the folders of a workbook where names are what somebody wrote.
func namedPart(low string) bool {
	for _, p := range [...]string{"xl/tables/", "xl/persons/", "xl/connections", "xl/querytables/", "xl/pivotcache/pivotcachedefinition", "xl/pivottables/", "xl/slicer", "xl/timeline", "xl/externallinks/"} {
		if strings.HasPrefix(low, p) {
			return true
		}
	}
	return false
}

func (p *sheetPart) start(name string, attrs []xml.Attr) {
	p.paragraphs.start(name, attrs)
	switch name {
	case "textbox":
		p.box++
	case "div", "br":
		p.endPiece()
	}
	if !p.named {
		return
	}
	for i := range attrs {
		switch attrs[i].Name.Local {
		case "name", "displayName", "description", "command", "connection", "totalsRowLabel", "altText", "altTextSummary", "userId", "dataCaption", "rowHeaderCaption", "val":
			if v := attrs[i].Value; len(v) > 1 {
				p.loose(unescaped(v))
			}
		}
	}
}

func (p *sheetPart) end(name string) {
	p.paragraphs.end(name)
	switch name {
	case "div":
		p.endPiece()
	case "textbox":
		p.endPiece()
		p.box = max(0, p.box-1)
	}
}

// endPiece keeps a line of a text box, which fonts cut.
func (p *sheetPart) endPiece() {
	p.loose(p.pieces.String())
	p.pieces.Reset()
}

func (p *sheetPart) chars(b []byte) {
	if p.box > 0 && int64(p.pieces.Len()) <= p.limit {
		p.pieces.Write(b)
	}
	if s := string(b); strings.Contains(s, "_x") {
		b = []byte(unescaped(s))
	}
	p.paragraphs.chars(b)
}
