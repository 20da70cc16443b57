package pdf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/klippa-app/go-pdfium/enums"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// Besides is a document whose pages are what a reader of another does not come upon: pages that its page tree does not count,
// then patterns, then content that nothing refers to.
type Besides struct {
	*Document
	Unlisted, Patterns, Loose int
	Complete                  bool // false if there was more than the limit
}

// maxBeside bounds what is read beside a document, of each kind.
const maxBeside = 500

// Beside opens what a document of that many pages does not show, in the file that it was opened from and that c was found in;
// nil if there is nothing. It is closed before the document.
func (d *Document) Beside(c *Carried, file io.ReaderAt, n int64, pages int) (*Besides, error) {
	unlisted, patterns, loose := c.pages.all, c.patterns.all, c.loose.all
	if len(unlisted) <= pages-c.twice {
		unlisted = nil
	}
	if slices.ContainsFunc(unlisted, func(o object) bool { return o.at == 0 }) { // what a page in a packed object shows may have no name either
		loose = append(slices.Clip(loose), c.written...)
		c.resources(loose)
	}
	b := &Besides{Complete: max(len(unlisted), len(patterns), len(loose)) <= maxBeside}
	unlisted, patterns, loose = unlisted[:min(len(unlisted), maxBeside)], patterns[:min(len(patterns), maxBeside)], loose[:min(len(loose), maxBeside)]
	if b.Unlisted, b.Patterns, b.Loose = len(unlisted), len(patterns), len(loose); b.Unlisted+b.Patterns+b.Loose == 0 {
		return nil, nil
	}
	u := update{c: c, r: file, n: n, next: c.last + 1}
	tail := u.build(unlisted, append(append([]object(nil), patterns...), loose...))
	var err error
	b.Document, err = d.Other(joined{file, n, tail}, n+int64(len(tail)))
	return b, err
}

// Drawn opens the document with what its fonts draw for their codes, where they say that it is something else, in the file that it
// was opened from and that c was found in; nil if there is no such font. It is closed before the document.
func (d *Document) Drawn(c *Carried, file io.ReaderAt, n int64) (*Document, error) {
	if len(c.tables.told)+len(c.tables.bare) == 0 {
		return nil, nil
	}
	u := update{c: c, r: file, n: n, next: c.last + 1}
	for _, num := range slices.Sorted(maps.Keys(c.tables.told)) {
		u.add(num, fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(c.tables.told[num]), c.tables.told[num]))
	}
	for _, f := range c.tables.bare {
		table := u.number()
		u.add(table, fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(f.table), f.table))
		u.add(f.num, fmt.Sprintf("%s/ToUnicode %d 0 R>>", bytes.TrimSuffix(f.raw, []byte(">>")), table))
	}
	u.finish(c.root.num)
	tail := u.out.Bytes()
	return d.Other(joined{file, n, tail}, n+int64(len(tail)))
}

// Other opens a file beside the document, as the parts of it that were changed later. It is closed before the document.
func (d *Document) Other(file io.ReaderAt, n int64) (*Document, error) {
	opened, err := d.in.OpenDocument(&requests.OpenDocument{FileReader: io.NewSectionReader(file, 0, n), FileReaderSize: n})
	if d.failed(err) {
		return nil, ErrDamaged
	}
	return &Document{in: d.in, ref: opened.Document, marked: d.marked, asked: d.asked, first: d}, nil
}

// Unlocked returns the file as it is without encryption, at most limit bytes of it.
func (d *Document) Unlocked(limit int64) ([]byte, error) {
	var b capped
	b.left = limit
	_, err := d.in.FPDF_SaveAsCopy(&requests.FPDF_SaveAsCopy{Document: d.ref, Flags: requests.SaveFlagRemoveSecurity, FileWriter: &b})
	if d.failed(err) || b.left < 0 {
		return nil, ErrDamaged
	}
	return b.Bytes(), nil
}

// capped keeps no more than it may.
type capped struct {
	bytes.Buffer
	left int64
}

// Write implements [io.Writer].
func (c *capped) Write(b []byte) (int, error) {
	if c.left -= int64(len(b)); c.left < 0 {
		return 0, io.ErrShortWrite
	}
	return c.Buffer.Write(b)
}

// joined is a file with something behind it.
type joined struct {
	r    io.ReaderAt
	n    int64
	tail []byte
}

// ReadAt implements [io.ReaderAt].
func (j joined) ReadAt(p []byte, off int64) (int, error) {
	k := 0
	if off < j.n {
		var err error
		k, err = j.r.ReadAt(p[:min(int64(len(p)), j.n-off)], off)
		if int64(k) < min(int64(len(p)), j.n-off) {
			return k, err
		}
	}
	if k < len(p) && off+int64(k)-j.n < int64(len(j.tail)) {
		k += copy(p[k:], j.tail[off+int64(k)-j.n:])
	}
	if k < len(p) {
		return k, io.EOF
	}
	return k, nil
}

// update is a change of a file as a program appends it (ISO 32000-1, 7.5.6): with pages of its own.
type update struct {
	c       *Carried
	r       io.ReaderAt
	n       int64
	next    int // number of an object
	out     bytes.Buffer
	entries []object
	header  int64 // where the file begins; places count from there
}

func (u *update) build(pages, content []object) []byte {
	tree, kids := u.number(), bytes.Buffer{}
	for _, p := range pages {
		u.keep(p)
		fmt.Fprintf(&kids, "%d %d R ", p.num, p.gen)
	}
	for _, o := range content {
		u.keep(o)
		page := u.number()
		more := ""
		if o.resources != "" {
			more = "/Resources " + o.resources
		}
		u.add(page, fmt.Sprintf("<</Type/Page/Parent %d 0 R/MediaBox[0 0 1000 1000]/Contents %d %d R%s>>", tree, o.num, o.gen, more))
		fmt.Fprintf(&kids, "%d 0 R ", page)
	}
	u.add(tree, fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", len(pages)+len(content), kids.String()))
	root := u.number()
	u.add(root, fmt.Sprintf("<</Type/Catalog/Pages %d 0 R>>", tree))
	u.finish(root)
	return u.out.Bytes()
}

func (u *update) number() int {
	u.next++
	return u.next - 1
}

func (u *update) here() int64 { return u.n + int64(u.out.Len()) }

// keep has a table say where an object is that no table may name. A page in a packed object is written out for that.
func (u *update) keep(o object) {
	switch {
	case o.at > 0:
		u.entries = append(u.entries, o)
	case len(o.body) > 0:
		u.add(o.num, string(o.body))
	}
}

func (u *update) add(num int, what string) {
	u.out.WriteByte('\n')
	u.entries = append(u.entries, object{ref: ref{num: num}, at: u.here()})
	fmt.Fprintf(&u.out, "%d 0 obj\n%s\nendobj\n", num, what)
}

// finish writes the table in the form of the one before, which readers do not mix.
func (u *update) finish(root int) {
	b := make([]byte, 1024)
	k, _ := u.r.ReadAt(b, 0) // a short read is the end
	u.header = max(0, int64(bytes.Index(b[:k], []byte("%PDF-"))))
	before, stream := u.before()
	trailer := fmt.Sprintf("/Root %d 0 R", root)
	if before >= 0 {
		trailer += fmt.Sprintf("/Prev %d", before)
	}
	if len(u.c.encrypt) > 0 {
		trailer += "/Encrypt " + string(u.c.encrypt)
	}
	if len(u.c.id) > 0 {
		trailer += "/ID " + string(u.c.id)
	}
	if stream {
		u.stream(trailer)
		return
	}
	at := u.here() - u.header
	u.out.WriteString("xref\n")
	for _, e := range u.entries {
		fmt.Fprintf(&u.out, "%d 1\n%010d %05d n \n", e.num, e.at-u.header, e.gen)
	}
	fmt.Fprintf(&u.out, "trailer\n<</Size %d%s>>\nstartxref\n%d\n%%%%EOF\n", u.next, trailer, at)
}

func (u *update) stream(trailer string) {
	u.out.WriteByte('\n')
	num, at := u.number(), u.here()-u.header
	index, table := bytes.Buffer{}, []byte(nil)
	for _, e := range append(u.entries, object{ref: ref{num: num}, at: at + u.header}) {
		fmt.Fprintf(&index, "%d 1 ", e.num)
		table = append(table, 1)
		table = binary.BigEndian.AppendUint64(table, uint64(e.at-u.header)) //nolint:gosec // not negative
		table = append(table, 0)
	}
	fmt.Fprintf(&u.out, "%d 0 obj\n<</Type/XRef/W[1 8 1]/Size %d/Index[%s]/Length %d%s>>\nstream\n", num, u.next, index.String(), len(table), trailer)
	u.out.Write(table)
	fmt.Fprintf(&u.out, "\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n", at)
}

// before says where the last table of the file is, or -1, and whether it is a stream.
func (u *update) before() (at int64, stream bool) {
	b := make([]byte, min(u.n, 2048))
	k, _ := u.r.ReadAt(b, u.n-int64(len(b))) // a short read is the end
	_, after, ok := lastCut(b[:k], []byte("startxref"))
	if !ok {
		return -1, false
	}
	n, ok := (&lexer{b: after}).value().(int)
	if !ok || int64(n)+u.header >= u.n {
		return -1, false
	}
	k, _ = u.r.ReadAt(b, int64(n)+u.header) // a short read is the end
	found := bytes.TrimLeft(b[:k], " \r\n\t")
	return int64(n), len(found) > 0 && digit(found[0])
}

func lastCut(b, sep []byte) (before, after []byte, ok bool) {
	i := bytes.LastIndex(b, sep)
	if i < 0 {
		return b, nil, false
	}
	return b[:i], b[i+len(sep):], true
}

// maxMarked bounds the objects of a page whose marks are looked at.
const maxMarked = 100_000

// ShowMarked has pages read twice where text stands for what is shown: PDFium gives out but the one.
func (d *Document) ShowMarked() { d.marked = true }

// unmark takes from the objects of a page that a text stands for them, and says whether any had one.
func (d *Document) unmark(page requests.Page) bool {
	n, err := d.in.FPDFPage_CountObjects(&requests.FPDFPage_CountObjects{Page: page})
	if d.failed(err) {
		return false
	}
	found, left := false, maxMarked
	for i := range n.Count {
		o, err := d.in.FPDFPage_GetObject(&requests.FPDFPage_GetObject{Page: page, Index: i})
		if d.failed(err) {
			continue
		}
		found = d.unmarkObject(o.PageObject, &left, 0) || found
	}
	return found
}

func (d *Document) unmarkObject(o references.FPDF_PAGEOBJECT, left *int, depth int) bool {
	if *left--; *left < 0 || depth > maxNesting {
		d.broken = true
		return false
	}
	found := d.unmarkOne(o)
	t, err := d.in.FPDFPageObj_GetType(&requests.FPDFPageObj_GetType{PageObject: o})
	if d.failed(err) || t.Type != enums.FPDF_PAGEOBJ_FORM {
		return found
	}
	n, err := d.in.FPDFFormObj_CountObjects(&requests.FPDFFormObj_CountObjects{PageObject: o})
	if d.failed(err) {
		return found
	}
	for i := range n.Count {
		in, err := d.in.FPDFFormObj_GetObject(&requests.FPDFFormObj_GetObject{PageObject: o, Index: uint64(i)})
		if !d.failed(err) {
			found = d.unmarkObject(in.PageObject, left, depth+1) || found
		}
	}
	return found
}

// unmarkOne takes all marks from an object if one of them has a text.
func (d *Document) unmarkOne(o references.FPDF_PAGEOBJECT) (found bool) {
	n, err := d.in.FPDFPageObj_CountMarks(&requests.FPDFPageObj_CountMarks{PageObject: o})
	if d.failed(err) {
		return false
	}
	for i := n.Count - 1; i >= 0; i-- {
		m, err := d.in.FPDFPageObj_GetMark(&requests.FPDFPageObj_GetMark{PageObject: o, Index: uint64(i)})
		if d.failed(err) {
			continue
		}
		v, err := d.in.FPDFPageObjMark_GetParamStringValue(&requests.FPDFPageObjMark_GetParamStringValue{PageObjectMark: m.Mark, Key: "ActualText"})
		if d.failed(err) || v.Value == "" {
			continue
		}
		_, err = d.in.FPDFPageObj_RemoveMark(&requests.FPDFPageObj_RemoveMark{PageObject: o, PageObjectMark: m.Mark})
		found = !d.failed(err) || found
	}
	return found
}
