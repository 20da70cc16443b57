package extract

import (
	"bytes"
	"crypto/sha256"
	"hash/maphash"
	"maps"
	"strings"

	"github.com/jhillyerd/enmime/v2"
)

// The second reading costs memory, and time that grows with the product of what it counts.
// What is beyond these is not read a second time, and so not understood.
const (
	maxSecond     = 32 << 20  // bytes of the raw message
	maxSecondText = 10 << 20  // bytes of text found by the first reading
	maxNesting    = 16        // declared boundaries: enmime takes twice the time for each one that is nested and not closed
	maxDashes     = 2000      // lines that begin with two dashes: it takes the square of the number of parts
	maxStrays     = 1 << 20   // bytes that have no place in base64, where there is any: it keeps an error for each
	maxWork       = 256 << 20 // boundaries times bytes: each level of multiparts passes every byte on by itself
)

// Wordings of what a second reading may add.
const (
	readDifferently = "two readings of the message differ"
	notUnderstood   = "the second reading does not understand the message"
	noSecondReading = "too large for a second reading"
)

// again reads a message that is outside the strict subset a second time, as mail programs
// of another mind do, and adds what the first reading did not have under addresses that
// begin with "reading[2]/". If both found the same, the doubts of the first are settled. If
// not, whatever stands in the raw text and in neither reading is added as "reading[3]/text";
// what is encoded there, as "reading[3]/base64[1]" in either case.
func (w *walker) again(kept *spool) {
	if kept.over || w.lim.Text-w.text > maxSecondText {
		w.unreadable("message", Ambiguous, noSecondReading)
		return
	}
	raw := kept.bytes()
	if headless(raw) { // enmime wants the empty line that ends a header, be there one or not
		raw = append([]byte("\r\n"), raw...)
	}
	second := w.secondWalker()
	understood := second.readOther(raw, &scope{prefix: "reading[2]/", att: -1})
	w.late = w.late || second.late
	known := newPrints(w.out, w.footed)
	other := newPrints(second.out, nil)
	w.unite(second, known)
	switch {
	case w.late:
		w.unreadable("message", Timeout, "time limit")
	case !understood:
		w.unreadable("message", Ambiguous, notUnderstood)
	case known.differ(other):
		w.unreadable("message", Ambiguous, readDifferently)
	default:
		w.settle()
	}
	w.raw(raw, w.doubtful())
}

// secondWalker reads the message again: with all that the first one has to open files by, and limits of its own.
func (w *walker) secondWalker() *walker {
	if w.opened == nil {
		w.opened = map[[sha256.Size]byte]bool{} // both know what either opened
	}
	return &walker{
		lim: w.lim, out: &Content{}, done: w.done, pdf: w.pdf, text: w.lim.Text, unpacked: w.lim.Unpacked,
		aside: w.aside, pdfs: w.pdfs, opened: w.opened, gaveUp: w.gaveUp,
	}
}

// headless says whether a message begins with its text: no line before the first empty one is a field.
func headless(raw []byte) bool {
	for line := range bytes.Lines(raw) {
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			break
		}
		if fieldLine(line) {
			return false
		}
	}
	return true
}

// settle ends the doubts that a second reading did not share.
func (w *walker) settle() {
	left := w.out.Unreadable[:0]
	for _, u := range w.out.Unreadable {
		if !w.settled[u] {
			left = append(left, u)
		}
	}
	w.out.Unreadable = left
	if len(left) == 0 {
		w.out.Unreadable = nil
	}
}

func (w *walker) doubtful() bool {
	for _, u := range w.out.Unreadable {
		if u.Reason == Ambiguous || u.Reason == TooMany || u.Reason == TooDeep {
			return true
		}
	}
	return false
}

// otherParser is tolerant where that loses nothing: what it could not read and says so is
// a severe error, which [understood] looks for.
func otherParser() *enmime.Parser {
	return enmime.NewParser(
		enmime.DisableTextConversion(true),
		enmime.MultipartWOBoundaryAsSinglePart(true),
		enmime.SkipMalformedParts(true),
		enmime.MaxStoredPartErrors(100),
		enmime.SetReadPartErrorPolicy(func(_ *enmime.Part, err error) bool { return enmime.IsBase64CorruptInputError(err) }),
	)
}

// readOther reads a message by enmime and gives each part that it finds to the walker. It
// says whether the message was understood.
func (w *walker) readOther(raw []byte, s *scope) (understood bool) {
	if !bounded(raw) {
		return false
	}
	defer func() {
		if recover() != nil {
			if w.gaveUp != nil {
				w.gaveUp()
			}
			understood = false // a part is lost with it
		}
	}()
	root, err := otherParser().ReadParts(bytes.NewReader(raw))
	if err != nil {
		return false
	}
	env, err := otherParser().EnvelopeFromPart(root)
	if err == nil {
		kind := Subject
		if s.att >= 0 {
			kind = AttachmentText
		}
		for _, v := range env.GetHeaderValues("Subject") {
			w.segment(s.where("subject"), kind, s.att, strings.ToValidUTF8(v, "\uFFFD"))
		}
	}
	understood = true
	w.nested = func(b []byte, f *leaf) {
		in := &scope{prefix: f.where + "!", nest: f.s.nest + 1, att: f.att}
		if in.nest > w.lim.Depth || !w.readOther(b, in) {
			understood = false
		}
	}
	if !w.otherParts(root, s, "") {
		understood = false
	}
	return understood
}

// bounded says whether enmime can read a message in time that is in proportion to its size.
func bounded(raw []byte) bool {
	boundaries, dashes, encoded, strays := 0, 0, 0, 0
	for line := range bytes.Lines(raw) {
		if bytes.HasPrefix(line, []byte("--")) {
			dashes++
		}
		boundaries += countFold(line, "boundary")
		encoded += countFold(line, "base64")
		for _, c := range line {
			if c > ' ' && c != '=' && base64Value(c) < 0 {
				strays++
			}
		}
		if dashes > maxDashes || boundaries > maxNesting {
			return false
		}
	}
	return int64(boundaries+1)*int64(len(raw)) <= maxWork && (encoded == 0 || strays <= maxStrays)
}

// countFold counts a lower-case word in any case.
func countFold(b []byte, word string) int {
	n := 0
	for {
		i := bytes.IndexAny(b, word[:1]+strings.ToUpper(word[:1]))
		if i < 0 || len(b)-i < len(word) {
			return n
		}
		if bytes.EqualFold(b[i:i+len(word)], []byte(word)) {
			n++
		}
		b = b[i+1:]
	}
}

// otherParts gives the parts below p to the walker, in the order written.
func (w *walker) otherParts(p *enmime.Part, s *scope, parent string) (understood bool) {
	understood = true
	for ; p != nil; p = p.NextSibling {
		if w.parts++; w.parts > w.lim.Parts {
			return false
		}
		for _, e := range p.Errors {
			if e.Severe && e.Name != enmime.ErrorDataHasBoundary { // that one lost nothing
				understood = false
			}
		}
		if p.FirstChild != nil {
			if !w.otherParts(p.FirstChild, s, p.ContentType) {
				understood = false
			}
		} else if !strings.HasPrefix(strings.ToLower(p.ContentType), "multipart/") || len(p.Content) > 0 {
			w.otherLeaf(p, s, parent)
		}
		if parent == "" {
			break // the message itself has no siblings
		}
	}
	return understood
}

// otherLeaf gives one part to the walker.
func (w *walker) otherLeaf(p *enmime.Part, s *scope, parent string) {
	in := part{media: media{Type: strings.ToLower(p.ContentType)}, disp: strings.ToLower(p.Disposition), cid: p.ContentID}
	switch {
	case in.media.Type == "" && parent == "multipart/digest":
		in.media.Type = "message/rfc822" // RFC 2046 5.1.5
	case !in.media.proper(), in.multi():
		in.media.Type = "text/plain"
	}
	if strings.HasPrefix(in.media.Type, "text/") {
		in.media.params = []param{{"charset", "utf-8"}} // it has undone the charset
	}
	if name := strings.TrimSpace(strings.Map(dropControl, strings.ToValidUTF8(p.FileName, "\uFFFD"))); name != "" {
		in.name, in.names = name, []string{name}
	}
	w.leaf(newLines(bytes.NewReader(p.Content), w.done), &in, s)
}

// unite adds what the other reading has and this one has not.
func (w *walker) unite(o *walker, known *prints) {
	at := make([]int, len(o.out.Attachments)) // where an attachment of the other reading is here
	for i, a := range o.out.Attachments {
		if at[i] = w.sameFile(&a); at[i] < 0 {
			at[i] = len(w.out.Attachments)
			w.out.Attachments = append(w.out.Attachments, a)
		}
	}
	for _, s := range o.out.Segments {
		if known.texts[known.whole(s.Text)] {
			continue
		}
		if s.Attachment >= 0 {
			s.Attachment = at[s.Attachment]
		}
		w.segment(s.Where, s.Kind, s.Attachment, s.Text, s.Quoted...)
	}
	for _, p := range o.out.Pictures { // those that this reading did not meet: both share what they know of them
		if p.Attachment >= 0 {
			p.Attachment = at[p.Attachment]
		}
		w.out.Pictures = append(w.out.Pictures, p)
	}
	for _, u := range o.out.Unreadable {
		if u.Reason != Ambiguous && !w.knows(u) {
			w.unreadable(u.Where, u.Reason, u.Detail)
		}
	}
}

// sameFile returns the index of an attachment that is the same by content and name, or -1.
func (w *walker) sameFile(a *Attachment) int {
	for i := range w.out.Attachments {
		b := &w.out.Attachments[i]
		if b.DetectedType == a.DetectedType && (b.Name == a.Name || b.Size == a.Size) {
			return i
		}
	}
	return -1
}

func (w *walker) knows(u Unreadable) bool {
	for _, k := range w.out.Unreadable {
		if k.Reason == u.Reason && k.Detail == u.Detail {
			return true
		}
	}
	return false
}

// prints are the fingerprints of what a reading found.
type prints struct {
	texts  map[uint64]bool   // every text, white space collapsed
	shown  map[uint64]string // what a reader is shown, by its substance
	footed []uint64          // those of shown that are base64 with plain lines behind it
	files  map[string]int    // attachments that hold no text, by their type
}

var seed = maphash.MakeSeed()

func newPrints(c *Content, footed map[string]bool) *prints {
	p := &prints{texts: map[uint64]bool{}, shown: map[uint64]string{}, files: map[string]int{}}
	for i := range c.Segments {
		s := &c.Segments[i]
		p.texts[p.whole(s.Text)] = true
		if s.Kind != Body && s.Kind != AttachmentText || ofHeader(s.Where) {
			continue
		}
		if h, some := substance(s.Text); some {
			p.shown[h] = s.Text
			if footed[s.Where] {
				p.footed = append(p.footed, h)
			}
		}
	}
	for i := range c.Attachments {
		if t := c.Attachments[i].DetectedType; !strings.HasPrefix(t, "text/") && t != "message/rfc822" {
			p.files[t]++
		}
	}
	return p
}

// ofHeader says whether a text comes from a header, which the two readings give out by
// different rules.
func ofHeader(where string) bool {
	last := where[strings.LastIndexByte(where, '!')+1:]
	last = strings.TrimPrefix(last, "reading[2]/")
	return last == "subject" || last == "header/names" || last == "header/thread-topic"
}

// differ says whether one of two readings has a text or an attachment that the other has
// not: a reader could be shown the one or the other. The footer that a mailing list put
// behind base64 is no difference: whoever decodes it shows noise behind the text.
func (p *prints) differ(o *prints) bool {
	excused := p.excuse(o)
	for h := range p.shown {
		if o.shown[h] == "" && !excused[h] {
			return true
		}
	}
	for h := range o.shown {
		if p.shown[h] == "" && !excused[h] {
			return true
		}
	}
	return !maps.Equal(p.files, o.files)
}

// maxFooted bounds the texts with a footer that are compared letter by letter.
const maxFooted = 20

// excuse finds the texts of p with a footer behind them, and those of o that begin alike.
func (p *prints) excuse(o *prints) map[uint64]bool {
	if len(p.footed) == 0 || len(p.footed) > maxFooted {
		return nil
	}
	excused := map[uint64]bool{}
	for k, text := range o.shown {
		if p.shown[k] != "" {
			continue
		}
		text = letters(text)
		for _, h := range p.footed {
			if strings.HasPrefix(text, letters(p.shown[h])) {
				excused[h], excused[k] = true, true
			}
		}
	}
	return excused
}

// whole is the fingerprint of a text with its white space collapsed.
func (*prints) whole(s string) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	for f := range strings.FieldsSeq(s) {
		_, _ = h.WriteString(f)
		_ = h.WriteByte(' ')
	}
	return h.Sum64()
}

// substance is the fingerprint of the letters and digits of ASCII in a text, and whether
// there are any. Two programs that guess another charset, or keep another blank, show the
// same numbers and the same words; which of å and ĺ they show is no doubt about the mail.
func substance[T string | []byte](s T) (sum uint64, some bool) {
	var buf [256]byte
	b := buf[:0]
	var h maphash.Hash
	h.SetSeed(seed)
	for i := range len(s) {
		if c := letter(s[i]); c != 0 {
			b = append(b, c)
		}
		if len(b) == cap(b) || i == len(s)-1 {
			some = some || len(b) > 0
			_, _ = h.Write(b)
			b = buf[:0]
		}
	}
	return h.Sum64(), some
}

// letter is a letter or digit of ASCII in lower case, or 0.
func letter(c byte) byte {
	switch {
	case c >= '0' && c <= '9', c >= 'a' && c <= 'z':
		return c
	case c >= 'A' && c <= 'Z':
		return c | 0x20
	}
	return 0
}

// letters is what [substance] is the fingerprint of.
func letters(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 {
			if c := letter(byte(r)); c != 0 { //nolint:gosec // ASCII
				return rune(c)
			}
		}
		return -1
	}, s)
}
