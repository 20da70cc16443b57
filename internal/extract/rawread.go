package extract

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// raw reads the body of a message without regard to its structure: each block of base64 that
// no reading has decoded, and if the structure is in doubt, each line that no reading has, as
// it stands and with quoted-printable undone.
func (w *walker) raw(msg []byte, lines bool) {
	s := &scope{prefix: "reading[3]/", att: -1}
	known := w.knownLines()
	var text, unquoted strings.Builder
	var block []byte
	blocks := 0
	var d qpDecoder
	var line, pending []byte
	flush := func() {
		if len(block) > 0 && blocks < maxBlocks {
			blocks++
			w.rawBlock(s, blocks, block, known)
		}
		block = block[:0]
	}
	for piece := range bytes.Lines(afterHeader(msg)) {
		encoded, sure := encodedLine(piece, len(block) > 0)
		if encoded {
			block = append(block, bytes.TrimSpace(piece)...)
		}
		if !encoded || short(piece) || bytes.HasSuffix(block, []byte("=")) {
			flush()
		}
		if !lines || sure {
			continue
		}
		addLine(&text, piece, known)
		line = d.decode(line[:0], piece)
		if pending = append(pending, line...); bytes.HasSuffix(line, []byte("\n")) {
			addLine(&unquoted, pending, known)
			pending = pending[:0]
		}
	}
	flush()
	addLine(&unquoted, d.flush(pending), known)
	w.segment(s.where("text"), Hidden, -1, text.String())
	if unquoted.String() != text.String() {
		w.segment(s.where("text[2]"), Hidden, -1, unquoted.String())
	}
}

// maxBlocks bounds the blocks of base64 looked at.
const maxBlocks = 1000

// afterHeader cuts the header off: it was read, and what did not belong there was given out.
func afterHeader(msg []byte) []byte {
	rest := msg
	for len(rest) > 0 {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		if len(bytes.TrimSpace(line)) == 0 {
			return after
		}
		rest = after
	}
	return msg // no line says where the body begins
}

// knownLines are the lines of all texts found, by their substance.
func (w *walker) knownLines() map[uint64]bool {
	known := map[uint64]bool{}
	for i := range w.out.Segments {
		for line := range strings.Lines(w.out.Segments[i].Text) {
			if h, some := substance(line); some {
				known[h] = true
			}
		}
	}
	return known
}

func addLine(out *strings.Builder, line []byte, known map[uint64]bool) {
	if h, some := substance(line); some && !known[h] {
		out.WriteString(lenient(line))
	}
}

// encodedLine says whether a line can be one of base64: nothing but whole groups, and more of them than a word has unless it
// follows such lines, as their last one. It is sure to be none of text if it is no word and no number either.
func encodedLine(line []byte, follows bool) (encoded, sure bool) {
	line = bytes.TrimSpace(line)
	if len(line) == 0 || !pureBase64(line) || short(line) && !follows {
		return false, false
	}
	return true, !short(line) && len(bytes.Trim(line, "0123456789")) > 0
}

// short says whether a line has no more characters than a word.
func short(line []byte) bool { return len(bytes.TrimSpace(line)) < 12 }

// rawBlock reads a block of base64: as text, if no reading has it, or as the file that it
// is, if no reading has it.
func (w *walker) rawBlock(s *scope, n int, block []byte, known map[uint64]bool) {
	b, err := base64.StdEncoding.DecodeString(string(block))
	if err != nil {
		if b, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(string(block), "=")); err != nil {
			return
		}
	}
	found := sniff(b[:min(len(b), sniffLen)], "", "")
	f := &leaf{part: &part{}, s: s, dec: plainDecoder{}, where: s.where("base64[" + strconv.Itoa(n) + "]"), att: -1, kind: Hidden}
	switch {
	case found.class == asOther, found.class == asMedia, found.class == asCMS:
	case found.class >= asMessage:
		if !w.knownFile(found, b) {
			n := len(w.out.Unreadable)
			w.bytesInside(f, "file", b)
			w.forget(n)
		}
	case utf8.Valid(b):
		var out strings.Builder
		for line := range bytes.Lines(b) {
			addLine(&out, line, known)
		}
		w.segment(f.where, Hidden, -1, out.String())
	}
}

// knownFile says whether a reading opened a file. What is read without being opened, and what is too large to be, is told by
// its type and size.
func (w *walker) knownFile(found sniffed, b []byte) bool {
	if found.class.opens() && int64(len(b)) <= w.lim.Spool {
		return w.opened[sha256.Sum256(b)]
	}
	return w.sameFile(&Attachment{DetectedType: found.mime, Size: int64(len(b)), Name: "\x00"}) >= 0
}

// forget drops the doubts from the n-th finding on: a block may be cut from something that
// was understood, and whether the message was is settled.
func (w *walker) forget(n int) {
	w.out.Unreadable = append(w.out.Unreadable[:n], slices.DeleteFunc(slices.Clone(w.out.Unreadable[n:]), func(u Unreadable) bool { return u.Reason == Ambiguous })...)
	if len(w.out.Unreadable) == 0 {
		w.out.Unreadable = nil
	}
}
