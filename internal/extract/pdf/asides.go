package pdf

import (
	"io"
	"strings"
)

// asides are the strings and files that hang on anything but a page: values of fields, what a file says of itself, names of layers,
// scripts, associated files. Their places are too many to name, so all are taken but those that no person writes.
type asides struct {
	known  map[string]bool
	begins map[int]int64  // where the dictionaries of streams are
	wanted []int          // streams that are a text or a file
	names  map[int]string // of all wanted; of a text it is ""
	file   map[int]bool
}

// wordless are keys of strings that programs write for programs, names of places to go to among them, and of those that are read elsewhere.
var wordless = map[name]bool{
	"ID": true, "IDS": true, "NM": true, "M": true, "CheckSum": true, "CharSet": true, "FontFamily": true, "Panose": true, "Registry": true, "Ordering": true,
	"DA": true, "D": true, "Lang": true, "Cert": true, "Names": true, "Limits": true, "ColorSpace": true, "CS": true,
	"ActualText": true, "Alt": true, "E": true,
}

// longTexts are keys of text that may be a stream (ISO 32000-1, 7.9.3).
var longTexts = []name{"JS", "V", "DV", "RV", "RC"}

// aside takes the strings of a dictionary, and notes what of it is a text or a file in a stream of its own.
func (c *Carried) aside(d dict) {
	if d.of["Filter"] == name("Standard") {
		return // keys
	}
	for _, k := range d.keys {
		if !wordless[k] && (k != "Contents" || d.of["ByteRange"] == nil) { // that is a signature
			c.asideText(d.of[k])
		}
	}
	for _, k := range longTexts {
		if r, ok := d.of[k].(ref); ok {
			c.want(r.num, "", false)
		}
	}
	files, _ := d.of["EF"].(dict)
	if files.of == nil {
		return
	}
	called := ""
	for _, k := range []name{"F", "UF"} { // the last is what is shown (7.11.3)
		if t, ok := d.of[k].(text); ok {
			called = clean(t.plain())
		}
	}
	for _, k := range files.keys {
		if r, ok := files.of[k].(ref); ok {
			c.want(r.num, called, true)
		}
	}
}

func (c *Carried) want(num int, called string, file bool) {
	if _, known := c.beside.names[num]; !known {
		if len(c.beside.wanted) == maxObjects {
			c.Much = true
			return
		}
		c.beside.wanted = append(c.beside.wanted, num)
	}
	if called != "" || !file || c.beside.names[num] == "" {
		c.beside.names[num] = called
	}
	c.beside.file[num] = c.beside.file[num] || file
}

// asideText keeps a string, or those of an array. The table of a color space is none.
func (c *Carried) asideText(v any) {
	switch v := v.(type) {
	case text:
		c.keepAside(v)
	case []any:
		if len(v) > 0 && (v[0] == name("Indexed") || v[0] == name("I")) {
			return
		}
		for _, e := range v {
			c.asideText(e)
		}
	}
}

// keepAside keeps a string that a person could have written.
func (c *Carried) keepAside(t text) {
	s := clean(t.plain())
	if strings.TrimSpace(s) == "" || c.beside.known[s] || date(s) || !legible(s) {
		return
	}
	if c.unpacked += int64(len(s)); len(c.beside.known) == maxObjects || c.unpacked > maxUnpacked {
		c.Much = true
		return
	}
	c.beside.known[s] = true
	c.Asides = append(c.Asides, s)
}

// date says whether a string is a date as programs write it (7.9.4).
func date(s string) bool {
	return (strings.HasPrefix(s, "D:19") || strings.HasPrefix(s, "D:20")) && len(s) <= len("D:20261123100000+01'00'") && strings.Trim(s[2:], "0123456789+-Z'") == ""
}

// asides reads the streams that were wanted, when it is known where they are.
func (s *scanner) asides() {
	c := s.out
	for _, num := range c.beside.wanted {
		if c.Locked || s.stop() {
			break
		}
		d, packed, ok := s.opened(num)
		if !ok {
			continue
		}
		b, ok := c.unpack(d, packed)
		switch {
		case c.beside.file[num]:
			c.Files = append(c.Files, File{Name: c.beside.names[num], Content: b})
		case ok:
			c.keepAside(text(b))
		default:
			c.Odd = true
		}
	}
}

// opened returns the stream of that number, as it is packed.
func (s *scanner) opened(num int) (dict, io.Reader, bool) {
	at, ok := s.out.beside.begins[num]
	if !ok {
		return dict{}, nil, false
	}
	l, v := s.lex(at)
	d, _ := v.(dict)
	if d.of == nil {
		return dict{}, nil, false
	}
	d, from, size := s.stream(l, d, at)
	return d, io.NewSectionReader(s.r, from, size), true
}

// unpacking returns what the stream of that number holds.
func (s *scanner) unpacking(num int) (io.Reader, bool) {
	d, packed, ok := s.opened(num)
	if !ok {
		return nil, false
	}
	return unfiltered(d, packed)
}

// unpacked is what the stream of that number holds, at most so many bytes; nothing if it cannot be read.
func (s *scanner) unpacked(num int, most int64) []byte {
	r, ok := s.unpacking(num)
	if !ok {
		return nil
	}
	b, _ := io.ReadAll(io.LimitReader(r, most)) // what is damaged ends there
	s.out.unpacked += int64(len(b))
	return b
}
