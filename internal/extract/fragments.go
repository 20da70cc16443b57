package extract

import (
	"encoding/json"
	"strings"
)

// Many systems keep HTML in the strings of JSON and in the text of XML. Whoever is shown it sees what the markup makes of it,
// so that what stands between two tags is joined. fragments collects such strings, to be read after the text as it stands.
type fragments struct {
	list  []string
	files []string // that are written into them, as addresses that begin with "data:"
	size  int
	limit int
}

// add takes a string, if it could be markup.
func (g *fragments) add(s string) {
	if g.size > g.limit || len(s) < 4 {
		return
	}
	if isDataURL(s) {
		g.size += len(s)
		g.files = append(g.files, s)
		return
	}
	if marked(s) {
		g.size += len(s)
		g.list = append(g.list, s)
	}
}

// marked says whether a text has a tag or an entity in it.
func marked(s string) bool {
	last := strings.LastIndexByte(s, '>')
	for at := 0; ; at++ {
		i := strings.IndexAny(s[at:], "<&")
		if i < 0 || at+i+2 >= len(s) {
			return false
		}
		at += i
		c := s[at+1]
		word := c|0x20 >= 'a' && c|0x20 <= 'z'
		if s[at] == '<' && (word || c == '/' || c == '!') && last > at {
			return true
		}
		if s[at] == '&' && (c == '#' || word) && strings.IndexByte(s[at:min(len(s), at+12)], ';') > 0 {
			return true
		}
	}
}

// maxMarkupLevels bounds markup that is written as text in markup: a feed holds HTML so, and a log holds the feed.
const maxMarkupLevels = 3

// giveFragments reads strings of markup, each by itself: what is not closed in one says nothing of the next.
func (w *walker) giveFragments(f *leaf, g *fragments) {
	w.readFragments(f, g)
	w.dataFiles(f, g.files)
}

func (w *walker) readFragments(f *leaf, g *fragments) {
	var text, links strings.Builder
	for i, s := range g.list {
		if i%256 == 255 && w.expired() {
			break
		}
		for range maxMarkupLevels {
			m := walkHTML([]byte(s))
			line(&text, m.Text)
			line(&text, m.All)
			line(&text, m.Hidden)
			line(&links, m.Links)
			g.files = append(g.files, m.Files...)
			if s = m.Text; !marked(s) {
				break
			}
		}
	}
	w.segment(f.where, Hidden, f.att, text.String())
	w.segment(f.where, Href, f.att, links.String())
}

func line(out *strings.Builder, s string) {
	if s != "" {
		out.WriteString(s)
		out.WriteByte('\n')
	}
}

// jsonHead says whether a text begins as JSON does that has strings in it.
func jsonHead(s string) bool {
	const most = 200 // blanks before and between its first marks
	s = s[:min(len(s), most)]
	for opened := false; ; opened = true {
		s = strings.TrimLeft(s, " \t\r\n")
		switch {
		case s == "":
			return false
		case s[0] == '"':
			return opened
		case s[0] != '{' && s[0] != '[':
			return false
		}
		s = s[1:]
	}
}

// maxJSONLevels bounds JSON in the strings of JSON.
const maxJSONLevels = 3

// jsonText gives out what the strings of JSON hold besides what stands there.
func (w *walker) jsonText(f *leaf, s string) {
	if strings.Contains(s, `\u`) {
		w.segment(f.where, Hidden, f.att, jsonStrings(s))
	}
	w.segment(f.where, Hidden, f.att, exponents(s))
	g := &fragments{limit: int(w.lim.Text)}
	g.json(s, maxJSONLevels)
	w.giveFragments(f, g)
}

// json collects the strings of JSON that hold markup, also of damaged JSON, and of JSON that is itself in a string.
func (g *fragments) json(s string, levels int) {
	if !strings.ContainsAny(s, `<&\`) && !strings.Contains(s, "data:") {
		return
	}
	for s != "" && g.size <= g.limit {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return
		}
		n := quotedSpan(s[i:])
		in := s[i : i+n]
		s = s[i+n:]
		if !strings.ContainsAny(in, `<&\`) && !strings.HasPrefix(in, `"data:`) {
			continue
		}
		var v string
		if json.Unmarshal([]byte(in), &v) != nil {
			v = strings.Trim(in, `"`)
		}
		if levels > 1 && jsonHead(v) {
			g.size += len(v)
			g.json(v, levels-1)
		}
		g.add(v)
	}
}
