package pdf

import (
	"bytes"
	"io"
	"slices"
	"strconv"
	"strings"
)

// Carried is what stands in the bytes of a file, whether a reader comes upon it or not. PDFium goes where the file leads it: to
// the pages that the page tree counts, as they are after the last change, and not into patterns. So the file is also gone
// through from object to object, in the order in which they stand in it.
type Carried struct {
	Texts     []string // that stand for what is shown: ActualText, Alt, E (ISO 32000-1, 14.9)
	XML       [][]byte // metadata that is packed, and so not to be found by looking for it
	Asides    []string // strings of anything but pages
	Files     []File   // that hang on anything
	Comments  []string // between objects, in them and in content (7.2.4), and text that is no comment and stands there too
	Stray     bool     // something stands between objects that is no text
	Revisions []int64  // where the file ended before it was changed (7.5.6), oldest first
	Replaced  bool     // text is shown that stands for another
	Drawn     bool     // a font has drawings for letters and does not say which, or has letters for letters
	Locked    bool     // encrypted, so that texts and XML are not known
	Odd       bool     // something is packed in a way that is not known here
	Much      bool     // more than the limits; not all was looked at

	pages, patterns, loose objects
	written                []object        // content of pages that writes
	fonts                  map[name]string // by the names that content has for them
	glyphs                 map[int]string  // resources of what draws a letter
	encodings              map[int]dict
	contents, reached      map[int]bool
	arrays                 map[int][]any
	kids                   map[int][]any // of nodes of trees, that of the pages among them
	twice                  int           // how often that names a page again
	type3                  []dict
	encrypt, id            []byte // of the trailer, as they stand
	last                   int    // the greatest number of an object
	unpacked               int64  // bytes
	said                   map[string]bool
	beside                 asides
	tables                 tables
	root                   ref // the catalog
}

// objects are kept in the order in which they were met, each number once.
type objects struct {
	all []object
	at  map[int]int
}

// object is one that a page can be made of.
type object struct {
	ref
	at        int64  // in the file; 0 in a packed object
	resources string // as they stand
	body      []byte // of a page in a packed object, as it stands there
}

const (
	maxObject   = 4 << 20 // that PDFium takes for the number of an object
	maxFonts    = 1000
	maxUnpacked = 128 << 20 // bytes of all streams looked into
	maxStream   = 16 << 20  // bytes of one
	maxObjects  = 100_000   // pages, patterns, texts and the like, of each
)

// Carry goes through a file of n bytes until it ends or stop says so.
func Carry(r io.ReaderAt, n int64, stop func() bool) *Carried {
	c := &Carried{
		fonts: map[name]string{}, glyphs: map[int]string{}, encodings: map[int]dict{}, contents: map[int]bool{},
		reached: map[int]bool{}, arrays: map[int][]any{}, kids: map[int][]any{}, said: map[string]bool{},
		beside: asides{known: map[string]bool{}, begins: map[int]int64{}, names: map[int]string{}, file: map[int]bool{}},
		tables: tables{dicts: map[int]dict{}, arrays: map[int][]any{}, told: map[int][]byte{}},
	}
	s := &scanner{r: r, n: n, out: c, stop: stop}
	s.run()
	s.asides()
	c.tables.arrays = c.arrays
	c.tables.compare(s)
	c.resolve()
	return c
}

// resolve draws together what was known of objects before all had been seen.
func (c *Carried) resolve() {
	for num := range c.contents {
		refs(c.arrays[num], c.contents)
	}
	for _, o := range c.loose.all {
		if _, letter := c.glyphs[o.num]; letter { // what it writes need not be what it stands for
			c.Drawn = true
		}
		if c.contents[o.num] {
			c.written = append(c.written, o)
		}
	}
	c.loose.all = slices.DeleteFunc(c.loose.all, func(o object) bool { return c.contents[o.num] || c.reached[o.num] })
	c.resources(c.loose.all)
	for _, f := range c.type3 {
		e, ok := f.of["Encoding"].(dict)
		if r, is := f.of["Encoding"].(ref); is {
			e, ok = c.encodings[r.num]
		}
		c.Drawn = c.Drawn || !ok || meaningless(e)
	}
	named := map[int]bool{}
	for _, kids := range c.kids {
		for _, k := range kids {
			r, _ := k.(ref)
			if _, ok := c.pages.at[r.num]; ok && named[r.num] {
				c.twice++
			}
			named[r.num] = true
		}
	}
	c.arrays, c.kids, c.encodings, c.type3, c.said, c.beside = nil, nil, nil, nil, nil, asides{}
}

// resources says for content of which nothing does what its fonts are.
func (c *Carried) resources(of []object) {
	for i := range of {
		o := &of[i]
		if o.resources == "" {
			o.resources = c.glyphs[o.num]
		}
		if o.resources == "" {
			o.resources = c.allFonts()
		}
	}
}

// allFonts are resources for content of which nothing says what its fonts are.
func (c *Carried) allFonts() string {
	var b strings.Builder
	b.WriteString("<</Font<<")
	for n, f := range c.fonts {
		b.WriteString("/" + string(n) + " " + f + " ")
	}
	b.WriteString(">>>>")
	return b.String()
}

// refs notes the objects that a value refers to.
func refs(v any, in map[int]bool) {
	switch v := v.(type) {
	case ref:
		in[v.num] = true
	case []any:
		for _, e := range v {
			if r, ok := e.(ref); ok {
				in[r.num] = true
			}
		}
	case dict:
		for _, e := range v.of {
			refs(e, in)
		}
	}
}

// meaningless says whether a font of drawings has one that is not the letter of its code, which is what PDFium takes it for.
// Only the names can tell: "seven" or "uni0037" on the code of 7; "a55" as TeX writes it; not "g17".
func meaningless(encoding dict) bool {
	code, named := 0, 0
	differences, _ := encoding.of["Differences"].([]any)
	for _, v := range differences {
		switch v := v.(type) {
		case int:
			code = v
		case name:
			if !telling(string(v), code) {
				return true
			}
			code++
			named++
		}
	}
	return named == 0
}

var digitNames = []string{"zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"}

func telling(s string, code int) bool {
	stem := strings.TrimRight(s, "0123456789ABCDEF")
	switch {
	case s == ".notdef", s == "a"+itoa(code), len(s) == 1 && int(s[0]) == code:
		return true
	case code >= '0' && code <= '9' && s == digitNames[code-'0']:
		return true
	case (stem == "uni" || stem == "u") && len(s)-len(stem) >= 4:
		n, err := strconv.ParseInt(s[len(stem):], 16, 32)
		return err == nil && int(n) == code
	}
	letter := code < 256 && (digit(byte(code)) || byte(code)|0x20 >= 'a' && byte(code)|0x20 <= 'z') //nolint:gosec // bounded
	return !letter && len(s) > 1 && !digit(s[len(s)-1]) && !slices.Contains(digitNames, s)
}

// object takes what is to be known of an object. at is where it stands, 0 inside another.
func (c *Carried) object(r ref, v any, at int64) {
	if r.num <= 0 || r.num > maxObject {
		return // readers do not know it
	}
	c.last = max(c.last, r.num)
	switch v := v.(type) {
	case text:
		c.keepAside(v)
	case []any:
		c.asideText(v)
		if len(v) > 0 {
			if _, ok := v[0].(ref); ok {
				c.arrays[r.num] = v
			}
		}
	case dict:
		if _, ok := v.of["Differences"]; ok {
			c.encodings[r.num] = v
		}
		if kids, ok := v.of["Kids"].([]any); ok {
			c.kids[r.num] = kids
		}
		if isPage(v) {
			page := object{ref: r, at: at}
			if at == 0 {
				page.body = bytes.Clone(v.raw)
			}
			c.add(&c.pages, page)
		}
		c.tables.font(r.num, v)
	}
	c.look(v)
}

// add keeps an object, in place of what had its number before.
func (c *Carried) add(to *objects, o object) {
	if i, ok := to.at[o.num]; ok {
		to.all[i] = o
		return
	}
	if len(to.all) == maxObjects {
		c.Much = true
		return
	}
	if to.at == nil {
		to.at = map[int]int{}
	}
	to.at[o.num] = len(to.all)
	to.all = append(to.all, o)
}

func isPage(d dict) bool {
	if t, ok := d.of["Type"].(name); ok {
		return t == "Page"
	}
	if _, ok := d.of["Parent"].(ref); !ok || d.of["Kids"] != nil {
		return false
	}
	switch d.of["Contents"].(type) {
	case ref, []any:
		return true
	}
	return false
}

// look takes what is to be known of a value and all in it.
func (c *Carried) look(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			c.look(e)
		}
	case dict:
		c.lookDict(v)
		for _, k := range v.keys {
			c.look(v.of[k])
		}
	}
}

func (c *Carried) lookDict(d dict) {
	c.aside(d)
	for _, k := range []name{"ActualText", "Alt", "E"} {
		if t, ok := d.of[k].(text); ok {
			c.say(t)
			c.Replaced = c.Replaced || k == "ActualText"
		}
	}
	refs(d.of["XObject"], c.reached)
	if ap, ok := d.of["AP"].(dict); ok { // what is pressed or pointed at looks otherwise, which PDFium does not show
		refs(ap.of["N"], c.reached)
	}
	if isPage(d) {
		refs(d.of["Contents"], c.contents)
	}
	if fonts, ok := d.of["Font"].(dict); ok {
		for n, f := range fonts.of {
			if plainName(n) && len(c.fonts) < maxFonts {
				c.fonts[n] = raw(f)
			}
			if in, ok := f.(dict); ok {
				c.tables.font(0, in)
			}
		}
	}
	if d.of["Subtype"] == name("Type3") && d.of["CharProcs"] != nil {
		drawings := map[int]bool{}
		refs(d.of["CharProcs"], drawings)
		for num := range drawings {
			c.glyphs[num] = raw(d.of["Resources"])
		}
		if d.of["ToUnicode"] == nil {
			c.type3 = append(c.type3, d)
		}
	}
}

func plainName(n name) bool {
	for _, c := range []byte(n) {
		if !regular(c) || c == '#' {
			return false
		}
	}
	return n != ""
}

// raw writes a reference or a dictionary as it stands; "" for all else.
func raw(v any) string {
	switch v := v.(type) {
	case ref:
		return itoa(v.num) + " " + itoa(v.gen) + " R"
	case dict:
		return string(v.raw)
	}
	return ""
}

// say keeps a text that stands for what is shown.
func (c *Carried) say(t text) {
	s := clean(t.plain())
	if s == "" || c.said[s] {
		return
	}
	if c.unpacked += int64(len(s)); len(c.said) == maxObjects || c.unpacked > maxUnpacked {
		c.Much = true
		return
	}
	c.said[s] = true
	c.Texts = append(c.Texts, s)
}

// trailer takes what a later one must repeat (ISO 32000-1, 7.5.5).
func (c *Carried) trailer(d dict) {
	if n, ok := d.of["Size"].(int); ok && n <= maxObject {
		c.last = max(c.last, n)
	}
	if r, ok := d.of["Root"].(ref); ok {
		c.root = r
	}
	if v := d.of["Encrypt"]; v != nil {
		c.Locked = true
		c.encrypt = []byte(raw(v))
	}
	if i := bytes.Index(d.raw, []byte("/ID")); i >= 0 {
		l := lexer{b: d.raw, i: i + 3}
		if _, ok := l.value().([]any); ok {
			c.id = bytes.Clone(d.raw[i+3 : l.i])
		}
	}
}
