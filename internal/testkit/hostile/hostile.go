// Package hostile makes messages that attack who reads them: bombs, endless nesting, lies about sizes. They are small, made
// when asked for, and the same each time.
package hostile

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"

	"sigill/internal/extract"
)

// Number is a valid number that stands in messages whose content must be read all the same.
const Number = "890102-2387"

// Message is one attack. Raw is the whole message. Reason is what must be found, "" if nothing need be; Text says that Number
// must be found. Kills says that the reader may die of it.
type Message struct {
	Name   string
	Raw    func() []byte
	Reason extract.Reason
	Text   bool
	Kills  bool
}

// Messages returns all of them.
func Messages() []Message {
	docx := func(body string) func() []byte {
		return func() []byte { return attach("a.docx", office(part{"word/document.xml", body})) }
	}
	return []Message{
		{Name: "nested-bomb", Raw: func() []byte { return attach("42.zip", nested(4, 16)) }, Reason: extract.Ratio},
		{Name: "deep-bomb", Raw: func() []byte { return attach("deep.zip", nested(12, 1)) }, Reason: extract.TooDeep},
		{Name: "overlapping-bomb", Raw: func() []byte { return attach("zbsm.zip", overlapping(60, zeros(2<<20))) }, Reason: extract.Ratio},
		{Name: "overlapping-below-the-ratio", Raw: func() []byte { return attach("slow.zip", overlapping(280, sparse(1<<20))) }, Reason: extract.TooLarge},
		{Name: "gzip-10GB", Raw: func() []byte { return attach("zeros.gz", gzipZeros(10<<10)) }, Reason: extract.TooLarge},
		{Name: "laughs-xml", Raw: func() []byte { return attach("a.xml", []byte(laughs)) }, Reason: extract.Unsupported},
		{Name: "laughs-docx", Raw: docx(laughs), Reason: extract.Unsupported},
		{Name: "laughs-svg", Raw: func() []byte { return attach("a.svg", []byte(laughs)) }, Reason: extract.Unsupported},
		{Name: "svg-script", Raw: func() []byte {
			return attach("a.svg", []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="steal()"><script>for(;;){} // `+Number+`</script></svg>`))
		}, Text: true},
		{Name: "mime-10000-deep", Raw: deepMIME, Reason: extract.TooDeep},
		{Name: "mime-100000-parts", Raw: func() []byte {
			return []byte(head + "Content-Type: multipart/mixed; boundary=B\r\n\r\n" + strings.Repeat("--B\r\n\r\na\r\n", 100000) + "--B--\r\n")
		}, Reason: extract.TooMany},
		{Name: "xlsx-billion-rows", Raw: func() []byte { return attach("a.xlsx", farCells()) }, Text: true},
		{Name: "ods-billion-cells", Raw: func() []byte { return attach("a.ods", repeatedCells()) }, Text: true},
		{Name: "docx-without-document", Raw: func() []byte { return attach("a.docx", office(part{"word/styles.xml", "<w:styles/>"})) }, Reason: extract.Corrupt},
		{Name: "docx-deep-elements", Raw: func() []byte { return attach("a.docx", office(part{"word/document.xml", boxes(200000)})) }, Text: true},
		{Name: "docx-huge-attribute", Raw: func() []byte {
			return attach("a.docx", office(part{"word/document.xml", `<w:p a="` + hugeValue() + `"/>`}))
		}, Reason: extract.TooLarge},
		{Name: "pdf-page-tree-loop", Raw: func() []byte { return attach("a.pdf", pageLoop()) }, Reason: extract.TooMany},
		{Name: "zip-slip", Raw: func() []byte { return attach("up.zip", zipOf(part{"../../../etc/cron.d/x.txt", Number})) }, Text: true},
		{Name: "tar-links", Raw: func() []byte { return attach("a.tar", links()) }, Text: true},
		{Name: "xz-second-stream", Raw: func() []byte { return attach("a.xz", append(small("xz"), greedy("xz")...)) }, Reason: extract.TooLarge},
		{Name: "7z-dictionary", Raw: func() []byte { return attach("a.7z", greedy("7z")) }, Reason: extract.Timeout, Kills: true},
	}
}

const head = "From: anna@kommunen.example\r\nTo: bo@mottagare.example\r\nSubject: Underlag\r\nMIME-Version: 1.0\r\n"

// attach is a message with one attachment.
func attach(name string, data []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%sContent-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n\r\nSe bilaga\r\n--B\r\n"+
		"Content-Type: application/octet-stream; name=%q\r\nContent-Transfer-Encoding: base64\r\n\r\n", head, name)
	const line = 57
	for len(data) > 0 {
		n := min(line, len(data))
		b.WriteString(base64.StdEncoding.EncodeToString(data[:n]) + "\r\n")
		data = data[n:]
	}
	b.WriteString("--B--\r\n")
	return b.Bytes()
}

type part struct{ name, text string }

// zipOf cannot fail: it writes to memory.
func zipOf(parts ...part) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		w, _ := z.Create(p.name)
		_, _ = io.WriteString(w, p.text)
	}
	_ = z.Close()
	return b.Bytes()
}

// office is a Word document of these parts.
func office(parts ...part) []byte {
	types := part{"[Content_Types].xml", `<Types><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ` +
		`ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`}
	return zipOf(append([]part{types}, parts...)...)
}

// nested is a bomb like 42.zip: archives in archives, 8 MB of zeros in each of the innermost.
func nested(levels, width int) []byte {
	b := zipOf(part{"0.dll", string(make([]byte, 8<<20))})
	for l := range levels {
		var parts []part
		for i := range width {
			parts = append(parts, part{fmt.Sprintf("lib %x%x.zip", l, i), string(b)})
		}
		b = zipOf(parts...)
	}
	return b
}

// zeros packs n zero bytes.
func zeros(n int) kernel { return packed(make([]byte, n)) }

// sparse packs n bytes in less than the ratio that is suspicious.
func sparse(n int) kernel {
	b := make([]byte, n)
	for i, c := range noise(n / 100) {
		b[i*100] = c
	}
	return packed(b)
}

// noise is n bytes that do not compress.
func noise(n int) []byte {
	b := make([]byte, n)
	x := uint64(88172645463325252)
	for i := range b {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17 // Marsaglia's xorshift64
		b[i] = byte(x >> 24)
	}
	return b
}

// hugeValue is 22 MB, below the ratio that is suspicious.
func hugeValue() string {
	var b strings.Builder
	for i := 0; b.Len() < 22<<20; i++ {
		b.WriteString(strings.Repeat("0123456789", 50) + strconv.Itoa(i*7919))
	}
	return b.String()
}

// boxes is a document of n text boxes, each inside the one before, none of them closed.
func boxes(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `<w:p i="%d"><w:txbxContent>`, i)
	}
	return b.String() + "<w:r><w:t>" + Number + "</w:t></w:r>"
}

type kernel struct{ packed, plain []byte }

func packed(plain []byte) kernel {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression) // the level is valid
	_, _ = w.Write(plain)
	_ = w.Close()
	return kernel{b.Bytes(), plain}
}

// overlapping is a bomb as David Fifield described it ("A better zip bomb", 2019): each of n files quotes the header of the next
// one in a stored block and goes on with its data, down to one kernel that all share.
func overlapping(n int, k kernel) []byte {
	local := make([][]byte, n)  // headers
	tails := make([]uint32, n)  // checksums of what files unpack to
	sizes := make([]uint32, n)  // packed
	plains := make([]uint32, n) // unpacked
	prefix := []byte{}          // what file i unpacks to before the kernel
	for i := n - 1; i >= 0; i-- {
		sizes[i], plains[i] = uint32(len(k.packed)), uint32(len(k.plain))
		if i < n-1 {
			prefix = append(bytes.Clone(local[i+1]), prefix...)
			sizes[i] = sizes[i+1] + uint32(len(local[i+1])) + 5
			plains[i] = uint32(len(prefix) + len(k.plain))
		}
		sum := crc32.NewIEEE()
		_, _ = sum.Write(prefix)
		_, _ = sum.Write(k.plain)
		tails[i] = sum.Sum32()
		local[i] = entry("PK\x03\x04", i, tails[i], sizes[i], plains[i], nil)
	}
	var out, list bytes.Buffer
	for i := range n {
		list.Write(entry("PK\x01\x02", i, tails[i], sizes[i], plains[i], binary.LittleEndian.AppendUint32(make([]byte, 10), uint32(out.Len()))))
		out.Write(local[i])
		if i < n-1 {
			size := uint16(len(local[i+1]))
			out.WriteByte(0)                                                                 // a stored block, not the last (RFC 1951 3.2.4)
			out.Write(binary.LittleEndian.AppendUint32(nil, uint32(size)|uint32(^size)<<16)) // its length, and that inverted
		}
	}
	out.Write(k.packed)
	at, length := out.Len(), list.Len()
	out.Write(list.Bytes())
	end := binary.LittleEndian.AppendUint16([]byte("PK\x05\x06\x00\x00\x00\x00"), uint16(n))
	end = binary.LittleEndian.AppendUint16(end, uint16(n))
	end = binary.LittleEndian.AppendUint32(end, uint32(length))
	end = binary.LittleEndian.AppendUint32(end, uint32(at))
	out.Write(append(end, 0, 0))
	return out.Bytes()
}

// entry is a local header (APPNOTE 4.3.7), or with more one of the list (4.3.12).
func entry(sig string, i int, crc, size, plain uint32, more []byte) []byte {
	name := fmt.Sprintf("%04d", i)
	b := []byte(sig)
	if more != nil {
		b = append(b, 20, 0) // made by
	}
	b = append(b, 20, 0, 0, 0, 8, 0, 0, 0, 0x21, 0)
	b = binary.LittleEndian.AppendUint32(b, crc)
	b = binary.LittleEndian.AppendUint32(b, size)
	b = binary.LittleEndian.AppendUint32(b, plain)
	b = append(b, byte(len(name)), 0, 0, 0)
	return append(append(b, more...), name...)
}

// gzipZeros packs that many megabytes of zeros: one piece that ends on a byte, again and again. The checksum at the end is
// wrong; nobody gets that far.
func gzipZeros(megabytes int) []byte {
	var piece bytes.Buffer
	w, _ := flate.NewWriter(&piece, flate.BestCompression) // the level is valid
	_, _ = w.Write(make([]byte, 1<<20))
	_ = w.Flush()
	out := []byte("\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03")
	out = append(out, bytes.Repeat(piece.Bytes(), megabytes)...)
	return append(out, 0x03, 0x00, 0, 0, 0, 0, 0, 0, 0, 0)
}

const laughs = `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol1 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">` +
	`<!ENTITY lol2 "&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;&lol1;"><!ENTITY lol3 "&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;">` +
	`<!ENTITY lol4 "&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;"><!ENTITY lol5 "&lol4;&lol4;&lol4;&lol4;&lol4;&lol4;&lol4;&lol4;&lol4;&lol4;">` +
	`<!ENTITY lol6 "&lol5;&lol5;&lol5;&lol5;&lol5;&lol5;&lol5;&lol5;&lol5;&lol5;"><!ENTITY lol7 "&lol6;&lol6;&lol6;&lol6;&lol6;&lol6;&lol6;&lol6;&lol6;&lol6;">` +
	`<!ENTITY lol8 "&lol7;&lol7;&lol7;&lol7;&lol7;&lol7;&lol7;&lol7;&lol7;&lol7;"><!ENTITY lol9 "&lol8;&lol8;&lol8;&lol8;&lol8;&lol8;&lol8;&lol8;&lol8;&lol8;">]><lolz>&lol9;</lolz>`

func deepMIME() []byte {
	var b bytes.Buffer
	b.WriteString(head)
	for i := range 10000 {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%dx\r\n\r\n--b%dx\r\n", i, i)
	}
	b.WriteString("\r\ninnermost\r\n")
	return b.Bytes()
}

// farCells is a workbook that says it has a billion rows, with cells at their ends.
func farCells() []byte {
	return zipOf(
		part{"[Content_Types].xml", `<Types><Default Extension="xml" ContentType="application/xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
			`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`},
		part{"xl/workbook.xml", `<workbook><sheets><sheet name="Blad1" sheetId="1"/></sheets></workbook>`},
		part{"xl/worksheets/sheet1.xml", `<worksheet><dimension ref="A1:XFD1000000000"/><sheetData><row r="1" spans="1:1000000000"><c r="XFD1" t="inlineStr"><is><t>a</t></is></c></row>` +
			`<row r="1000000000"><c r="ZZZZZZ1000000000" t="inlineStr"><is><t>` + Number + `</t></is></c></row></sheetData></worksheet>`})
}

// repeatedCells is a table that repeats its cells a billion times.
func repeatedCells() []byte {
	return zipOf(part{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"}, part{"content.xml", `<office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"><office:body><office:spreadsheet>` +
		`<table:table table:name="Blad1"><table:table-row table:number-rows-repeated="1000000000"><table:table-cell table:number-columns-repeated="1000000000"><text:p>` + Number +
		`<text:s text:c="1000000000"/>x</text:p></table:table-cell></table:table-row></table:table></office:spreadsheet></office:body></office:document-content>`})
}

// pageLoop is a PDF file whose tree of pages leads back into itself, and says that it has a million of them.
func pageLoop() []byte {
	b, table := bytes.NewBufferString("%PDF-1.7\n"), "0000000000 65535 f \n"
	for i, o := range []string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R 2 0 R]/Count 1000000>>", "<</Type/Pages/Parent 2 0 R/Kids[2 0 R]/Count 1000000>>",
	} {
		table += fmt.Sprintf("%010d 00000 n \n", b.Len())
		fmt.Fprintf(b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	return fmt.Appendf(b.Bytes(), "xref\n0 4\n%strailer<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", table, b.Len())
}

// links is an archive of links that lead out of it.
func links() []byte {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range []*tar.Header{
		{Name: "a", Typeflag: tar.TypeSymlink, Linkname: "/etc"},
		{Name: "b", Typeflag: tar.TypeLink, Linkname: "../../etc/shadow"},
		{Name: "a/passwd", Typeflag: tar.TypeReg, Size: int64(len(Number))},
		{Name: "dev", Typeflag: tar.TypeBlock, Devmajor: 8},
	} {
		_ = w.WriteHeader(h)
		if h.Size > 0 {
			_, _ = io.WriteString(w, Number)
		}
	}
	_ = w.Close()
	return b.Bytes()
}

// What 7-Zip 26.02 and xz 5.4.1 make of a line of text, and where they say how much memory it needs.
const (
	xzText       = "/Td6WFoAAATm1rRGAgAhARYAAAB0L+WjAQADaGVqCgAgnTYBHwmL0AABHARvLJzBH7bzfQEAAAAABFla"
	xzHeader     = 12 // of the block
	xzHeaderSize = 12
	xzDictionary = 16

	sevenText = "N3q8ryccAAS8ussCDAAAAAAAAABSAAAAAAAAAMOgnQEBAAdoZWogaGVqCgABBAYAAQkMAAcLAQABISEBAAwIAAgKAQm4RRgAAAUBGQwAAAAAAAAAAAAAAAAR" +
		"DQBxAC4AdAB4AHQAAAAUCgEAIvaP631/3QEVBgEAIICkgQAA"
)

func small(kind string) []byte {
	text := xzText
	if kind == "7z" {
		text = sevenText
	}
	b, _ := base64.StdEncoding.DecodeString(text) // constants
	return b
}

// greedy is the same archive asking for a dictionary of 3 GB, with checksums that hold.
func greedy(kind string) []byte {
	const threeGB = 39 // xz file format 5.3.1
	b := small(kind)
	if kind == "xz" {
		b[xzDictionary] = threeGB
		binary.LittleEndian.PutUint32(b[xzHeader+xzHeaderSize-4:], crc32.ChecksumIEEE(b[xzHeader:xzHeader+xzHeaderSize-4]))
		return b
	}
	const headerSum, headerAt, startSum, startAt = 28, 44, 8, 12 // 7zFormat.txt: of the list at the end, and of what points to it
	at := bytes.LastIndex(b, []byte("\x21\x21\x01\x00"))
	b[at+3] = threeGB
	binary.LittleEndian.PutUint32(b[headerSum:], crc32.ChecksumIEEE(b[headerAt:]))
	binary.LittleEndian.PutUint32(b[startSum:], crc32.ChecksumIEEE(b[startAt:32]))
	return b
}
