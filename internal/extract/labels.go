package extract

import (
	"bytes"
	"strings"
)

// maxLabels bounds the charsets that a part is read in.
const maxLabels = 4

// decode reads the text of a part in the charset that it is labelled with, and in each further one that it names where
// that makes a difference: some programs take the label of the header, some what the document says of itself, and those
// who keep a file lose the header.
func (f *leaf) decode(raw []byte) reading {
	labels := f.charsets(raw)
	if len(labels) == 0 {
		return decodeText(raw, "")
	}
	r := decodeText(raw, labels[0])
	if len(labels) == 1 {
		return r
	}
	settled := bytes.IndexByte(raw, 0x1b) < 0 && (ascii(raw) || multiByte(raw))
	for _, label := range labels[1:] {
		if settled && readsASCII(label) {
			continue // it is ASCII in each, or UTF-8 whatever it says
		}
		o := decodeText(raw, label)
		for _, text := range o.all() {
			r.also(text)
		}
		if o.Unsure != "" && !o.Mild {
			r.Unsure, r.Mild = o.Unsure, false
		}
	}
	return r
}

// readsASCII says whether ASCII stands for itself in a charset, or nobody knows it.
func readsASCII(label string) bool {
	if isUTF7(label) {
		return false
	}
	enc, superset := lookup(label)
	return enc == nil || superset
}

// charset is the label for the part's text: the declared one, or what the document says
// of itself.
func (f *leaf) charset(raw []byte) string { return firstOf(f.charsets(raw)) }

// charsets are the labels of the part's text, that of the header first, in lower case.
func (f *leaf) charsets(raw []byte) []string {
	var out []string
	add := func(label string) {
		label = strings.ToLower(strings.Trim(label, " \t\"'"))
		if label != "" && len(out) < maxLabels && !contains(out, label) {
			out = append(out, label)
		}
	}
	for i := range f.media.params {
		if f.media.params[i].name == "charset" {
			add(f.media.params[i].value)
		}
	}
	switch f.found.class {
	case asHTML:
		metaCharsets(raw, add)
		add(xmlCharset(raw[:min(len(raw), 200)]))
	case asXML:
		add(xmlCharset(raw[:min(len(raw), 200)]))
	}
	return out
}

// maxMeta is the longest <meta> that is looked at.
const maxMeta = 1 << 10

// metaCharsets adds what <meta charset> and <meta http-equiv> say (HTML 13.2.3.2), wherever they stand: browsers begin
// anew when they meet one late.
func metaCharsets(b []byte, add func(string)) {
	for {
		i := bytes.IndexByte(b, '<')
		if i < 0 || len(b)-i < len("<meta") {
			return
		}
		b = b[i+1:]
		if b[0]|0x20 != 'm' || !bytes.EqualFold(b[:4], []byte("meta")) {
			continue
		}
		tag := b[4:min(len(b), maxMeta)]
		if end := bytes.IndexByte(tag, '>'); end >= 0 {
			tag = tag[:end]
		}
		_, value, ok := bytes.Cut(bytes.ToLower(tag), []byte("charset"))
		if !ok {
			continue
		}
		if value, ok = bytes.CutPrefix(bytes.TrimLeft(value, " \t\r\n\f"), []byte("=")); ok {
			add(label(bytes.TrimLeft(value, " \t\r\n\f")))
		}
	}
}

func xmlCharset(b []byte) string {
	head, _, ok := bytes.Cut(bytes.TrimLeft(b, " \t\r\n"), []byte("?>"))
	if !ok || !bytes.HasPrefix(head, []byte("<?xml")) {
		return ""
	}
	_, after, _ := bytes.Cut(head, []byte("encoding"))
	after, ok = bytes.CutPrefix(bytes.TrimLeft(after, " \t\r\n"), []byte("="))
	if !ok {
		return ""
	}
	return label(bytes.TrimLeft(after, " \t\r\n"))
}

func label(b []byte) string {
	b = bytes.TrimLeft(b, `"' `)
	if i := bytes.IndexAny(b, "\"' ;/>\r\n\t"); i >= 0 {
		b = b[:i]
	}
	return string(b)
}
