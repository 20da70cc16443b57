package pdf

import (
	"bytes"
	"io"
	"slices"
	"strconv"
)

func itoa(n int) string { return strconv.Itoa(n) }

// window is how much of a file is looked at at once; maxDict is the most that one object may take without its stream.
const (
	window  = 1 << 20
	maxDict = 4 << 20
)

// scanner goes through a file from object to object.
type scanner struct {
	r    io.ReaderAt
	n    int64
	out  *Carried
	stop func() bool
	buf  []byte
	base int64 // where buf stands
	gap  gap
}

// from returns what stands at a place, at least size bytes unless the file ends. It is good until the next call.
func (s *scanner) from(at int64, size int) []byte {
	if at < s.base || at+int64(size) > s.base+int64(len(s.buf)) {
		if cap(s.buf) < max(size, window) {
			s.buf = make([]byte, max(size, window))
		}
		k, _ := s.r.ReadAt(s.buf[:cap(s.buf)], at) // a short read is the end
		s.buf, s.base = s.buf[:k], at
	}
	return s.buf[min(int(at-s.base), len(s.buf)):]
}

// head is more than a number, a generation and the words behind them take.
const head = 64

func (s *scanner) run() {
	linear := false
	for at := int64(0); at < s.n; {
		if s.stop() {
			s.out.Much = true
			return
		}
		b := s.from(at, head)
		kind, i := landmark(b)
		switch kind {
		case "":
			n := max(len(b)-head, 1)
			if len(b) <= head {
				n = len(b)
			}
			s.skipped(b[:min(n, len(b))])
			at += int64(max(n, 1))
		case "obj":
			r := numbers(b[:i])
			s.skipped(unnumbered(b[:i]))
			next, d := s.object(at+int64(i), r)
			linear = linear || at < 1024 && d.of["Linearized"] != nil
			at = next
		case "trailer":
			s.skipped(b[:i])
			at += int64(i + len(kind))
			if d, ok, size := s.value(at); ok {
				s.out.trailer(d)
				at += size
			}
		default:
			s.skipped(b[:i])
			at += int64(i + len(kind))
			s.out.Revisions = append(s.out.Revisions, at)
		}
		if kind != "" {
			s.between()
			s.gap.table = false
		}
	}
	if all := s.out.Revisions; len(all) == 0 || s.n-all[len(all)-1] > tailSize {
		s.between()
	}
	s.revisions(linear)
}

// tailSize is how much behind the end of a file is left to others.
const tailSize = 8 << 10

// unnumbered is what stands before the number and the generation at the end.
func unnumbered(b []byte) []byte {
	for range 2 {
		b = bytes.TrimRight(b, " \r\n\t\f\x00")
		b = bytes.TrimRight(b, "0123456789")
	}
	return b
}

// revisions leaves out the end of the file itself, and that of the first part of one that is made to be shown while it comes
// (annex F).
func (s *scanner) revisions(linear bool) {
	all := s.out.Revisions
	if len(all) > 0 {
		all = all[:len(all)-1]
	}
	if linear && len(all) > 0 {
		all = all[1:]
	}
	s.out.Revisions = all
}

// landmark finds what comes first: an object, a trailer, an end.
func landmark(b []byte) (kind string, at int) {
	end := len(b)
	for i := 0; i < end; {
		k := bytes.Index(b[i:end], []byte("obj"))
		if k < 0 {
			break
		}
		if i += k; i > 0 && (space(b[i-1]) || digit(b[i-1])) && numbers(b[:i]).num > 0 {
			kind, at, end = "obj", i, i
			break
		}
		i += 3
	}
	for _, w := range []string{"trailer", "%%EOF"} {
		if k := bytes.Index(b[:end], []byte(w)); k >= 0 {
			kind, at, end = w, k, k
		}
	}
	return kind, at
}

// numbers reads the number and generation at the end; num is 0 if there are none.
func numbers(b []byte) ref {
	b = b[max(0, len(b)-head):]
	word := func() int {
		b = bytes.TrimRight(b, " \r\n\t\f\x00")
		i := len(b)
		for i > 0 && digit(b[i-1]) {
			i--
		}
		n, err := strconv.Atoi(string(b[i:]))
		if b = b[:i]; err != nil {
			return -1
		}
		return n
	}
	gen := word()
	if len(b) == 0 || !space(b[len(b)-1]) {
		return ref{}
	}
	if num := word(); num > 0 && gen >= 0 {
		return ref{num, gen}
	}
	return ref{}
}

// value reads the dictionary at a place, and says how long it is.
func (s *scanner) value(at int64) (d dict, ok bool, size int64) {
	l, v := s.lex(at)
	d, ok = v.(dict)
	return d, ok, int64(l.i)
}

// lex reads the value at a place, over as much as an object may need, which most do not. The lexer stands behind it.
func (s *scanner) lex(at int64) (*lexer, any) {
	for size := 64 << 10; ; size *= 8 {
		l := &lexer{b: s.from(at, size), noting: true}
		v := l.value()
		l.skip()
		if !l.ended() || size >= maxDict || at+int64(len(l.b)) >= s.n {
			for _, b := range l.comments {
				s.out.comment(b)
			}
			return l, v
		}
	}
}

// object takes the object whose word stands at a place, and says where to go on.
func (s *scanner) object(at int64, r ref) (next int64, d dict) {
	begin := at + 3
	l, v := s.lex(begin)
	at0 := max(1, at-int64(len(itoa(r.num))+len(itoa(r.gen))+2))
	next = begin + int64(l.i)
	s.out.object(r, v, at0)
	d, _ = v.(dict)
	if d.of == nil || !bytes.HasPrefix(l.b[l.i:], []byte("stream")) {
		return max(next, begin), d
	}
	d, from, size := s.stream(l, d, begin)
	if r.num > maxObject {
		return from + size, d
	}
	if len(s.out.beside.begins) < maxObjects {
		s.out.beside.begins[r.num] = begin
	}
	s.out.stream(object{ref: r, at: at0}, d, func() io.Reader { return io.NewSectionReader(s.r, from, size) })
	return from + size, d
}

// stream says where the content of a stream stands of which the dictionary was read from a place, and keeps that.
func (s *scanner) stream(l *lexer, d dict, begin int64) (kept dict, from, size int64) {
	l.i += len("stream")
	if l.at(0) == '\r' {
		l.i++
	}
	if l.at(0) == '\n' {
		l.i++
	}
	from = begin + int64(l.i)
	kept, _ = (&lexer{b: bytes.Clone(d.raw)}).value().(dict) // the window moves
	return kept, from, s.length(kept, from)
}

// length finds where a stream ends: where it says, or else at the next word that ends one.
func (s *scanner) length(d dict, from int64) int64 {
	end := []byte("endstream")
	if n, ok := d.of["Length"].(int); ok && n >= 0 && int64(n) <= s.n-from {
		if bytes.HasPrefix(bytes.TrimLeft(s.from(from+int64(n), 2*head), " \r\n\t"), end) {
			return int64(n)
		}
	}
	for at := from; at < s.n; {
		b := s.from(at, window/2)
		if i := bytes.Index(b, end); i >= 0 {
			return at - from + int64(i)
		}
		at += int64(max(len(b)-len(end), 1))
		if s.stop() {
			break
		}
	}
	return s.n - from
}

// stream takes what is to be known of a stream.
func (c *Carried) stream(o object, d dict, data func() io.Reader) {
	kind, sub := d.of["Type"], d.of["Subtype"]
	o.resources = raw(d.of["Resources"])
	switch {
	case kind == name("XRef"):
		c.trailer(d)
	case kind == name("ObjStm"):
		if b, ok := c.unpack(d, data()); ok {
			c.objects(d, b)
		} else {
			c.Odd = c.Odd || !c.Locked
		}
	case kind == name("Metadata"), sub == name("XML"):
		c.metadata(d, data)
	case d.of["PatternType"] != nil:
		c.add(&c.patterns, o)
		c.content(d, data())
	case sub == name("Form"), kind == nil && sub == nil && !font(d):
		if c.content(d, data()) {
			c.add(&c.loose, o)
		}
	}
}

// metadata takes XML that is packed. Where encryption is taken away, PDFium leaves it packed and does not say so.
func (c *Carried) metadata(d dict, data func() io.Reader) {
	b, ok := c.unpack(d, data())
	if c.Odd = c.Odd || !ok && !c.Locked; !ok {
		return
	}
	packed := d.of["Filter"] != nil
	if !packed && bytes.HasPrefix(b, []byte("x")) {
		packed = true
		b, _ = c.unpack(dict{of: map[name]any{"Filter": name("FlateDecode")}}, data())
	}
	if packed && len(c.XML) < maxObjects {
		c.XML = append(c.XML, b)
	}
}

func font(d dict) bool {
	return d.of["Length1"] != nil || d.of["FunctionType"] != nil || d.of["ShadingType"] != nil || d.of["Alternate"] != nil
}

// content looks into what draws something, and says whether it writes.
func (c *Carried) content(d dict, data io.Reader) bool {
	b, ok := c.unpack(d, data)
	if !ok {
		c.Replaced = true // for all that is known
		return true
	}
	c.replacements(b)
	c.comments(b)
	return bytes.Contains(b, []byte("BT")) && (bytes.Contains(b, []byte("Tj")) || bytes.Contains(b, []byte("TJ")) || bytes.ContainsAny(b, `'"`))
}

// replacements reads the texts in content that stand for what is shown (ISO 32000-1, 14.9.4).
func (c *Carried) replacements(b []byte) {
	for _, k := range []string{"/ActualText", "/Alt", "/E"} {
		for at := 0; ; {
			i := bytes.Index(b[at:], []byte(k))
			if i < 0 {
				break
			}
			at += i + len(k)
			l := lexer{b: b, i: at}
			if l.skip(); l.at(0) != '(' && l.at(0) != '<' {
				continue
			}
			if t, ok := l.value().(text); ok {
				c.say(t)
				c.Replaced = true
			}
			at = max(at, l.i)
		}
	}
	c.Replaced = c.Replaced || bytes.Contains(b, []byte("ActualText")) || hashed(b)
}

// hashed says whether a name is written in a way that hides it.
func hashed(b []byte) bool {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], '#')
		if i < 0 {
			return false
		}
		at += i
		k := at
		for k > 0 && regular(b[k-1]) && at-k < 32 {
			k--
		}
		if k > 0 && b[k-1] == '/' {
			return true
		}
		at++
	}
}

// objects reads the objects in a stream of objects (7.5.7).
func (c *Carried) objects(d dict, b []byte) {
	n, _ := d.of["N"].(int)
	first, _ := d.of["First"].(int)
	if first < 0 || first > len(b) {
		return
	}
	index := lexer{b: b[:first]}
	var starts, ends []int
	for range n {
		num, ok := index.value().(int)
		at, more := index.value().(int)
		if !ok || !more || at < 0 || at > len(b)-first {
			break
		}
		l := lexer{b: b[first+at:], noting: true}
		c.object(ref{num: num}, l.value(), 0)
		for _, b := range l.comments {
			c.comment(b)
		}
		starts, ends = append(starts, first+at), append(ends, first+at+l.i)
	}
	if slices.IsSorted(starts) {
		c.besideObjects(b, starts, ends)
	}
}

// unpack undoes what a stream is packed with; false if it cannot be done. What is damaged gives what stands before.
func (c *Carried) unpack(d dict, r io.Reader) ([]byte, bool) {
	if c.Locked {
		return nil, false
	}
	r, ok := unfiltered(d, r)
	if !ok {
		return nil, false
	}
	b, _ := io.ReadAll(io.LimitReader(r, min(maxStream, maxUnpacked-c.unpacked)+1)) // what is damaged ends there
	c.unpacked += int64(len(b))
	if len(b) > maxStream || c.unpacked > maxUnpacked {
		c.Much = true
	}
	return b, true
}
