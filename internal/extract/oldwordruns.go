package extract

import (
	"cmp"
	"encoding/binary"
	"slices"
	"strings"
)

// wordRun is a stretch of the stream of a Word document, by its bytes, whose characters are not shown as they are (MS-DOC 2.4.6.2).
type wordRun struct {
	from, to int64
	hidden   bool
	symbol   rune // shown in place of each character, or 0
}

// Places in the File Information Block and in pages of properties (MS-DOC 2.5.6, 2.8.6, 2.9.33).
const (
	fibCharacters = 0xfa
	wordPage      = 512
	maxWordRuns   = 1 << 20
)

// Properties of characters (MS-DOC 2.6.1).
const (
	sprmVanish     = 0x083c
	sprmSpecVanish = 0x0818
	sprmIco        = 0x2a42
	sprmHalfPoints = 0x4a43
	sprmColor      = 0x6870
	sprmSymbol     = 0x6a09
)

// wordRuns finds the stretches of hidden, white and tiny characters, and symbols.
func wordRuns(main, table []byte) []wordRun {
	at, n := int64(binary.LittleEndian.Uint32(main[fibCharacters:])), int64(binary.LittleEndian.Uint32(main[fibCharacters+4:]))
	if n < 4 || at+n > int64(len(table)) {
		return nil
	}
	plc := table[at : at+n]
	count := (len(plc) - 4) / 8
	var out []wordRun
	for i := range count {
		page := int64(binary.LittleEndian.Uint32(plc[4*(count+1)+4*i:])&(1<<22-1)) * wordPage
		if page+wordPage > int64(len(main)) || len(out) > maxWordRuns {
			break
		}
		out = pageRuns(out, main[page:page+wordPage])
	}
	slices.SortFunc(out, func(a, b wordRun) int { return cmp.Compare(a.from, b.from) })
	end := int64(0)
	return slices.DeleteFunc(out, func(r wordRun) bool { // no two overlap where nothing is damaged
		if r.from < end || r.to <= r.from {
			return true
		}
		end = r.to
		return false
	})
}

// pageRuns reads a page of properties: where runs begin, where in the page the properties of each stand, and how many there are.
func pageRuns(out []wordRun, page []byte) []wordRun {
	n := int(page[wordPage-1])
	if 4*(n+1)+n >= wordPage {
		return out
	}
	for i := range n {
		at := 2 * int(page[4*(n+1)+i])
		if at == 0 || at+1+int(page[at]) > wordPage {
			continue
		}
		r := wordRun{from: int64(binary.LittleEndian.Uint32(page[4*i:])), to: int64(binary.LittleEndian.Uint32(page[4*i+4:]))}
		if r.dress(page[at+1 : at+1+int(page[at])]); r.hidden || r.symbol != 0 {
			out = append(out, r)
		}
	}
	return out
}

// dress reads properties: a code, which says how long what follows is, and the value.
func (r *wordRun) dress(b []byte) {
	for len(b) > 2 {
		code := binary.LittleEndian.Uint16(b)
		b = b[2:]
		n := [...]int{1, 1, 2, 4, 2, 2, 1 + int(b[0]), 3}[code>>13]
		if n > len(b) {
			return
		}
		v := b[:n]
		b = b[n:]
		switch code {
		case sprmVanish, sprmSpecVanish:
			r.hidden = r.hidden || v[0]&1 != 0
		case sprmIco:
			const white = 8
			r.hidden = r.hidden || v[0] == white
		case sprmHalfPoints:
			const tiny = 5
			r.hidden = r.hidden || binary.LittleEndian.Uint16(v) < tiny
		case sprmColor:
			const pale = 0xf0
			r.hidden = r.hidden || v[3] == 0 && min(v[0], v[1], v[2]) >= pale
		case sprmSymbol:
			r.symbol = rune(binary.LittleEndian.Uint16(v[2:]))
			if r.symbol >= 0xf000 && r.symbol < 0xf100 { // fonts of symbols have theirs there
				r.symbol -= 0xf000
			}
		}
	}
}

// shownPiece is a piece of the text as it is seen: n bytes of the stream from at on.
func shownPiece(main []byte, runs []wordRun, at, n int64, wide bool) string {
	size := int64(1)
	if wide {
		size = 2
	}
	decode := func(b []byte) string {
		if wide {
			return utf16le(b)
		}
		return codePage1252(b)
	}
	var out strings.Builder
	end := at + n
	i, _ := slices.BinarySearchFunc(runs, at+1, func(r wordRun, at int64) int { return cmp.Compare(r.to, at) })
	for ; i < len(runs) && runs[i].from < end; i++ {
		r := &runs[i]
		from, to := max(r.from, at), min(r.to, end)
		if from >= to {
			continue
		}
		out.WriteString(decode(main[at:from]))
		if !r.hidden {
			out.WriteString(strings.Repeat(string(r.symbol), int((to-from)/size)))
		}
		at = to
	}
	out.WriteString(decode(main[at:end]))
	return out.String()
}

// otherLines returns the lines of a text that another one does not have.
func otherLines(text, than string) string {
	have := map[string]bool{}
	for line := range strings.Lines(than) {
		have[line] = true
	}
	var out strings.Builder
	for line := range strings.Lines(text) {
		if !have[line] {
			out.WriteString(line)
		}
	}
	return out.String()
}
