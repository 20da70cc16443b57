package classify

import "bytes"

// candidate is a stretch of the normal form that looks like a value.
type candidate struct {
	det        int32
	start, end int32
	confidence Confidence
	sep        uint8
	digits     bool  // of a digit shape
	better     bool  // a validator was more than satisfied
	group      int32 // of a digit shape: index of its first group
	term       int32 // of a word detector: index plus 1
}

// candidate puts a stretch of text through every check of its detector.
func (s *scanner) candidate(found candidate) {
	s.now = found
	c := &s.now
	d := &s.e.detectors[c.det]
	if why := s.boundary(d, c); why != "" {
		if c.digits && why == "boundary" { // pieces of other numbers are no news to anybody
			s.traced(c, None, why)
			return
		}
		s.reject(c, why)
		return
	}
	s.value.Text = s.text.norm[c.start:c.end]
	s.value.Compact = appendCompact(s.value.Compact[:0], s.value.Text)
	s.value.Sep = sepByte(c.sep)
	if why := s.excluded(d, c); why != "" {
		s.reject(c, why)
		return
	}
	value := ""
	for i := range d.validators {
		v := &d.validators[i]
		switch v.check(&s.value) {
		case Invalid:
			s.reject(c, v.why)
			return
		case Doubtful:
			c.confidence = min(c.confidence, Low)
		case Better:
			c.better = true
		case Valid, Unknown:
		}
		if v.canonical != nil {
			value = v.canonical(&s.value)
		}
	}
	switch {
	case c.term > 0:
		value = d.terms[c.term-1]
	case value == "" && len(s.value.Compact) > 0 && (len(d.validators) == 0 || d.strength > 0):
		value = string(s.value.Compact)
	case value == "":
		value = string(s.value.Text)
	}
	s.wait(d, c, value)
}

func sepByte(sep uint8) byte {
	switch sep {
	case sepPlus:
		return '+'
	case sepDash:
		return '-'
	case sepNone:
		return 0
	}
	return ' '
}

func (s *scanner) boundary(d *detector, c *candidate) string {
	text := s.text.norm
	start, end := int(c.start), int(c.end)
	switch {
	case c.digits || d.boundary == BoundaryNumber:
		if !numberEnds(text, start, end) {
			return "boundary"
		}
		if c.digits && c.sep&(sepSpace|sepDot) != 0 && amount(s.text.fold, start, end) {
			return "amount"
		}
	case d.boundary == BoundaryWord:
		if insideWord(text, start) || insideWord(text, end) {
			return "boundary"
		}
	}
	return ""
}

func (s *scanner) excluded(d *detector, c *candidate) string {
	x := &d.exclude
	switch {
	case x.same && sameDigit(s.value.Compact):
		return "same digit"
	case x.seq && sequence(s.value.Compact):
		return "sequence"
	case len(x.values) > 0 && x.values[string(s.value.Compact)]:
		return "excluded value"
	case x.regex != nil && x.regex.Match(s.value.Text):
		return "excluded form"
	}
	if len(x.stopwords) > 0 {
		from, to := int(c.start), int(c.end)
		if c.term > 0 {
			from, to = wordStart(s.text.fold, from), wordEnd(s.text.fold, to)
		}
		for _, w := range x.stopwords {
			if bytes.Contains(s.text.fold[from:to], []byte(w)) {
				return "stopword " + w
			}
		}
	}
	if x.line != nil {
		if from, to, ok := lineNear(s.text.norm, int(c.start)); ok && x.line.Match(s.text.norm[from:to]) {
			return "excluded line"
		}
	}
	return ""
}

func (s *scanner) reject(c *candidate, why string) {
	s.traced(c, None, why)
	if s.rejects[c.det] >= maxRejected {
		return
	}
	s.rejects[c.det]++
	d := &s.e.detectors[c.det]
	s.result.Rejected = append(s.result.Rejected, Rejected{
		Detector: d.id, Masked: maskText(s.text.norm[c.start:c.end], d.mask), Segment: s.segment, Why: why,
	})
	s.refused = append(s.refused, span{int(c.start), int(c.end)})
}

// compact is the ASCII letters and digits of b in upper case.
func compact(dst, b []byte) string { return string(appendCompact(dst, b)) }

func appendCompact(dst, b []byte) []byte {
	for _, c := range b {
		switch {
		case c-'0' <= 9, c >= 'A' && c <= 'Z':
			dst = append(dst, c)
		case c >= 'a' && c <= 'z':
			dst = append(dst, c&^0x20)
		}
	}
	return dst
}
