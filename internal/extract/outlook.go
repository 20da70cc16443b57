package extract

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"github.com/richardlehane/mscfb"
)

// outlookMessage reads a message that Outlook saved (MS-OXMSG), in the storage at path: its properties are streams, its
// attachments storages.
func (w *walker) outlookMessage(o *oleFile, path []string) {
	p := w.outlookProps(o, path)
	if p.text[mapiSubject]+p.text[mapiBody]+p.text[mapiHTML] == "" && len(p.data) == 0 && len(path) == 0 {
		w.unreadable(o.f.where, Corrupt, "Outlook message without content")
	}
	w.mapiMessage(o.f, p)
	for _, dir := range o.dirs(path, "__recip_version1.0_") {
		r := w.outlookProps(o, append(slices.Clone(path), dir))
		w.segment(o.f.where, Hidden, o.f.att, r.text[mapiDisplayName]+"\n"+r.others.String())
	}
	for _, dir := range o.dirs(path, "__attach_version1.0_") {
		if !w.entry(o.f) {
			return
		}
		w.outlookAttachment(o, append(slices.Clone(path), dir))
	}
}

// outlookAttachment reads an attachment: a file, or a message or document in a storage.
func (w *walker) outlookAttachment(o *oleFile, path []string) {
	p := w.outlookProps(o, path)
	w.mapiAttachment(o.f, p)
	inner := append(slices.Clone(path), "__substg1.0_3701000D")
	if len(o.dirs(inner[:len(path)], "__substg1.0_3701000D")) == 0 {
		return
	}
	in := w.inside(o.f, p.names()[0])
	if in.s.nest > w.lim.Depth {
		w.unreadable(in.where, TooDeep, "messages nested deeper than the limit")
		return
	}
	sub := *o
	sub.f = in
	if o.stream("__properties_version1.0", inner...) != nil {
		w.outlookMessage(&sub, inner)
		return
	}
	w.oleDocument(o.below(in, inner))
}

// below is the storage at path as a file of its own.
func (o *oleFile) below(f *leaf, path []string) *oleFile {
	sub := &oleFile{f: f, ratio: o.ratio}
	for _, s := range o.streams {
		if len(s.Path) >= len(path) && samePath(s.Path[:len(path)], path) {
			c := *s
			c.Path = s.Path[len(path):]
			sub.streams = append(sub.streams, &c)
		}
	}
	return sub
}

// dirs lists the storages directly below path whose names begin with prefix.
func (o *oleFile) dirs(path []string, prefix string) []string {
	var out []string
	for _, s := range o.streams {
		if len(s.Path) > len(path) && samePath(s.Path[:len(path)], path) {
			if d := s.Path[len(path)]; len(d) >= len(prefix) && strings.EqualFold(d[:len(prefix)], prefix) && !slices.Contains(out, d) && len(out) < maxEntries {
				out = append(out, d)
			}
		}
	}
	return out
}

// outlookProps reads the properties of the storage at path that are streams: __substg1.0_PPPPTTTT, property and type.
func (w *walker) outlookProps(o *oleFile, path []string) *mapiProps {
	p := newMAPI(0)
	var ansi []*mscfb.File
	for _, s := range o.streams {
		if !samePath(s.Path, path) {
			continue
		}
		_, kind, ok := outlookProp(s.Name)
		switch {
		case !ok || kind&^mapiMany != mapiANSI && kind&^mapiMany != mapiUnicode && kind != mapiBinary:
		case kind == mapiANSI:
			ansi = append(ansi, s)
		default:
			w.outlookPut(o, p, s)
		}
	}
	outlookFixed(p, w.oleBytes(o, o.stream("__properties_version1.0", path...)))
	for _, s := range ansi {
		w.outlookPut(o, p, s)
	}
	return p
}

// outlookFixed reads the numbers among the properties, which stand in one stream (MS-OXMSG 2.4): tag, flags, value, behind a head of
// 8, 24 or 32 bytes. Its fields are no property's that is looked for.
func outlookFixed(p *mapiProps, b []byte) {
	for b = b[min(8, len(b)):]; len(b) >= 16; b = b[8:] {
		kind, id := binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:])
		if kind == mapiInt32 {
			p.put(id, kind, b[8:12])
		}
	}
}

func (w *walker) outlookPut(o *oleFile, p *mapiProps, s *mscfb.File) {
	id, kind, _ := outlookProp(s.Name)
	if kind == mapiBinary && id != mapiHTML && id != mapiRTF && id != mapiData {
		return // identifiers and search keys
	}
	p.put(id, kind, w.oleBytes(o, s))
}

// outlookProp reads the name of a stream that holds a property; those of several values carry their number behind it.
func outlookProp(name string) (id, kind uint16, ok bool) {
	const prefix = "__substg1.0_"
	if len(name) < len(prefix)+8 || !strings.EqualFold(name[:len(prefix)], prefix) {
		return 0, 0, false
	}
	v, err := strconv.ParseUint(name[len(prefix):][:8], 16, 32)
	return uint16(v >> 16), uint16(v & 0xffff), err == nil
}
