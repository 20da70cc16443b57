package match

import "encoding/binary"

// Known is what a caller has seen of a text that it reads anyway. It takes the place of the probe.
type Known struct {
	Literals []Place // where [Engine.Literals] stand but for the case of ASCII and Latin-1 letters: all such places, and perhaps others
	Digits   []Run   // all runs of ASCII digits, in order
	Plain    bool    // no byte is beyond C3, the first of Latin-1's letters
}

// Place is where a literal may begin in a text: its index and a byte offset.
type Place struct{ Literal, At int32 }

// Literals lists what matches are found by: each match of a rule that begins neither at digits nor at the edge of a word holds one of
// them. They are in lower case, and in the one form that all cases of a letter share.
func (e *Engine) Literals() []string {
	all := make([]string, len(e.literals))
	for i := range all {
		all[i] = e.literals[i].s
	}
	return all
}

// ScanKnown is [Engine.Scan] for a caller that has looked for the literals and digits itself.
func (e *Engine) ScanKnown(text []byte, known Known, out []Match, lim Limits) (matches []Match, complete bool) {
	s := e.pool.Get().(*Scanner) //nolint:errcheck // the pool holds nothing else
	defer e.pool.Put(s)
	s.begin(text, out, lim)
	for _, x := range known.Literals {
		l, at := e.literals[x.Literal].s, int(x.At)
		if at >= 0 && at+len(l) <= len(text) && sameFold(text[at:at+len(l)], l) {
			s.found = append(s.found, candidate{x.Literal, x.At, int32(len(l))})
		}
	}
	s.runs = append(s.runs, known.Digits...)
	if !known.Plain {
		s.allExotic()
	}
	return s.finish()
}

// allExotic notes every exotic character of the text.
func (s *Scanner) allExotic() {
	i := 0
	for ; i+8 <= len(s.text); i += 8 {
		if high := highBytes(binary.LittleEndian.Uint64(s.text[i:])); high != 0 {
			s.noteExotic(i, high)
		}
	}
	if i < len(s.text) {
		s.noteExotic(i, highBytes(load8(s.text, i)))
	}
}
