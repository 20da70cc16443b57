package extract

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
)

// A document can take in files of other formats (ECMA-376 part 1, 17.17.2.1). Programs go by the type that its list says they
// are of, whatever they are called.

// bareType is a media type without its parameters.
func bareType(t string) string {
	t, _, _ = strings.Cut(t, ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// chunkType says whether a part of that type is a file to be taken in, whatever it is called.
func chunkType(t string) bool {
	switch bareType(t) {
	case "text/html", "application/xhtml+xml", "text/plain", "text/rtf", "application/rtf", "application/msword",
		"message/rfc822", "application/x-mimearchive", "multipart/related":
		return true
	}
	return false
}

// chunkClass is what a text of that type is read as, or 0 if that is not known.
func chunkClass(t string) class {
	switch bareType(t) {
	case "text/html", "application/xhtml+xml":
		return asHTML
	case "text/plain":
		return asText
	case "message/rfc822", "application/x-mimearchive", "multipart/related":
		return asMessage
	}
	return 0
}

// chunk reads a text whose declared class is not what it looks like: as either of them.
func (w *walker) chunk(f *leaf, as class, b []byte) {
	looks := *f
	w.embedded(&looks, bytes.Clone(b))
	f.found.class = as
	w.embedded(f, b)
}

// embedAs reads a file that lies in a document as what its list says it is.
func (w *walker) embedAs(a *archive, zf *zip.File, declared string) (picture bool) {
	u, closer := w.unpack(a, zf)
	if u == nil {
		return false
	}
	defer closer.Close()
	return w.fileAs(a.f, zipName(zf), bareType(declared), u, true)
}

// xmlOrFile reads a part that should be XML. One that is of another format by its first bytes is read as a file, and the answer
// is no.
func (w *walker) xmlOrFile(a *archive, zf *zip.File, where string, h xmlHandler) bool {
	u, closer := w.unpack(a, zf)
	if u == nil {
		return true
	}
	defer closer.Close()
	head := make([]byte, 8)
	n, err := io.ReadFull(u.r, head)
	if err != nil && n == 0 {
		w.tokens(u, where, h)
		return true
	}
	u.r = io.MultiReader(bytes.NewReader(head[:n]), u.r)
	for _, sig := range [...]string{"PK\x03\x04", "\xD0\xCF\x11\xE0", "{\\rtf", "%PDF-"} {
		if bytes.HasPrefix(head[:n], []byte(sig)) {
			w.file(a.f, zipName(zf), u, true)
			return false
		}
	}
	w.tokens(u, where, h)
	return true
}
