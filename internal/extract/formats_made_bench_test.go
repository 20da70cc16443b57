package extract

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ulikunitz/xz"
	"golang.org/x/text/encoding/charmap"
)

// format is one that [BenchmarkFormats] measures.
type format struct {
	name   string // of the benchmark
	file   string // name of the attachment
	rows   int    // that are to be found in it
	inside bool   // the file stands in a text, which is found too but is not what is wanted
	make   func(testing.TB) []byte
}

// fileMaker makes large files of every format from the same rows. They are kept in a folder, not in memory, where they would
// let the collector run less often than it does in service.
type fileMaker struct {
	dir  string
	rows []string
}

// made is the file of a format, which is made when it is first asked for.
func (m *fileMaker) made(b *testing.B, f format) []byte {
	path := filepath.Join(m.dir, f.name+"-"+f.file)
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		data = f.make(b)
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		b.Fatal(err)
	}
	return data
}

// few is a number of rows for formats whose files would otherwise have more parts than a message may.
const few = 4000

func (m *fileMaker) formats() []format {
	all := len(m.rows)
	always := func(data func() []byte) func(testing.TB) []byte { return func(testing.TB) []byte { return data() } }
	text := func(s func() string) func(testing.TB) []byte { return always(func() []byte { return []byte(s()) }) }
	packed := func(files func() []file) func(testing.TB) []byte {
		return func(t testing.TB) []byte { return zipOf(t, files()...) }
	}
	return []format{
		{name: "txt-utf8", file: "a.txt", rows: all, make: text(m.plain)},
		{name: "txt-utf16", file: "a.txt", rows: all, make: text(func() string { return "\xff\xfe" + utf16Text(m.plain()) })},
		{name: "txt-latin1", file: "a.txt", rows: all, make: m.charset(charmap.ISO8859_1, " kr")},
		{name: "txt-windows1252", file: "a.txt", rows: all, make: m.charset(charmap.Windows1252, " €")},
		{name: "csv", file: "a.csv", rows: all, make: text(m.csv)},
		{name: "html", file: "a.html", rows: all, make: text(m.html)},
		{name: "xml", file: "a.xml", rows: all, make: text(m.xml)},
		{name: "json", file: "a.json", rows: all, make: text(m.json)},
		{name: "ics", file: "a.ics", rows: all, make: text(m.calendar)},
		{name: "vcf", file: "a.vcf", rows: all, make: text(m.cards)},
		{name: "rtf", file: "a.rtf", rows: all, make: text(m.rtf)},
		{name: "docx", file: "a.docx", rows: all, make: packed(m.docx)},
		{name: "docm", file: "a.docm", rows: all, make: packed(m.docm)},
		{name: "xlsx", file: "a.xlsx", rows: all, make: packed(m.xlsx)},
		{name: "xlsm", file: "a.xlsm", rows: all, make: packed(m.xlsm)},
		{name: "pptx", file: "a.pptx", rows: few, make: packed(m.pptx)},
		{name: "odt", file: "a.odt", rows: all, make: packed(m.odt)},
		{name: "ods", file: "a.ods", rows: all, make: packed(m.ods)},
		{name: "odp", file: "a.odp", rows: few, make: packed(m.odp)},
		{name: "doc", file: "a.doc", rows: all, make: m.office("doc:MS Word 97", "a.odt", m.odt)},
		{name: "xls", file: "a.xls", rows: all, make: m.office("xls:MS Excel 97", "a.ods", m.ods)},
		{name: "ppt", file: "a.ppt", rows: few, make: m.office("ppt:MS PowerPoint 97", "a.odp", m.odp)},
		{name: "pdf", file: "a.pdf", rows: all, make: always(m.pdf)},
		{name: "eml", file: "a.eml", rows: all, make: text(m.message)},
		{name: "eml-unlabelled", file: "a.eml", rows: all, make: text(func() string { return "Subject: x\r\n\r\n" + m.plain() })},
		{name: "mbox", file: "a.mbox", rows: all, make: text(m.mailbox)},
		{name: "msg", file: "a.msg", rows: all, make: m.outlook},
		{name: "winmail", file: "winmail.dat", rows: all, make: always(m.winmail)},
		{name: "uuencode", file: "a.txt", rows: all, inside: true, make: text(m.uuencoded)},
		{name: "yenc", file: "a.txt", rows: all, inside: true, make: text(m.yEncoded)},
		{name: "zip", file: "a.zip", rows: all, make: packed(func() []file { return []file{{"a.txt", m.plain()}} })},
		{name: "7z", file: "a.7z", rows: all, make: m.sevenZip},
		{name: "rar", file: "a.rar", rows: all, make: always(m.storedRAR)},
		{name: "tar", file: "a.tar", rows: all, make: func(t testing.TB) []byte { return tarOf(t, file{"a.txt", m.plain()}) }},
		{name: "gz", file: "a.txt.gz", rows: all, make: func(t testing.TB) []byte { return gzipOf(t, m.plain()) }},
		{name: "bz2", file: "a.txt.bz2", rows: all, make: m.bzip2},
		{name: "xz", file: "a.txt.xz", rows: all, make: m.xz},
	}
}

func (m *fileMaker) plain() string { return strings.Join(m.rows, "\r\n") + "\r\n" }

// each writes something for every row.
func (m *fileMaker) each(write func(b *strings.Builder, i int, row string)) string {
	var b strings.Builder
	for i, row := range m.rows {
		write(&b, i, row)
	}
	return b.String()
}

// in puts every row between two texts.
func (m *fileMaker) in(before, after string) string {
	return before + strings.Join(m.rows, after+before) + after
}

// charset is the text in a charset of one byte a letter, which has the sign that prices get.
func (m *fileMaker) charset(c *charmap.Charmap, sign string) func(testing.TB) []byte {
	return func(t testing.TB) []byte {
		b, err := c.NewEncoder().Bytes([]byte(strings.ReplaceAll(m.plain(), " kr", sign)))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
}

func (m *fileMaker) csv() string { return strings.ReplaceAll(m.plain(), ", ", ";") }

func (m *fileMaker) html() string {
	return "<html><body><table>" + m.in("<tr><td>", "</td></tr>\n") + "</table></body></html>"
}

func (m *fileMaker) xml() string {
	return "<?xml version=\"1.0\"?><a>" + m.in("<rad>", "</rad>\n") + "</a>"
}

func (m *fileMaker) json() string { return "[" + m.in(`{"rad": "`, "\"},\n") + "{}]" }

// calendar has an appointment for every four rows, folded as RFC 5545 3.1 has it.
func (m *fileMaker) calendar() string {
	return "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" + m.entries("BEGIN:VEVENT\r\nUID:%d@ekman.example\r\nDTSTART:20261129T100000Z\r\n", "DESCRIPTION:", "END:VEVENT\r\n") + "END:VCALENDAR\r\n"
}

// cards has an address for every four rows (RFC 6350).
func (m *fileMaker) cards() string {
	return m.entries("BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Kim Ek %d\r\n", "NOTE:", "END:VCARD\r\n")
}

func (m *fileMaker) entries(head, property, end string) string {
	const rows = 4
	return m.each(func(b *strings.Builder, i int, row string) {
		if i%rows == 0 {
			fmt.Fprintf(b, head, i)
			b.WriteString(property)
		}
		b.WriteString("\r\n " + strings.ReplaceAll(row, ",", `\,`) + `\n`)
		if i%rows == rows-1 {
			b.WriteString("\r\n" + end)
		}
	})
}

const benchHeader = "From: Kim Ek <kim@ekman.example>\r\nTo: bo@ekman.example\r\nDate: Sun, 29 Nov 2026 10:00:00 +0100\r\nSubject: Underlag\r\n" +
	"Message-ID: <%d@ekman.example>\r\nMIME-Version: 1.0\r\n"

const benchTextHeader = benchHeader + "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"

// message has half of the rows in its text and half in a message attached to it.
func (m *fileMaker) message() string {
	first, second := strings.Join(m.rows[:len(m.rows)/2], "\r\n"), strings.Join(m.rows[len(m.rows)/2:], "\r\n")
	return fmt.Sprintf(benchHeader, 1) + "Content-Type: multipart/mixed; boundary=M\r\n\r\n" +
		"--M\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + first + "\r\n" +
		"--M\r\nContent-Type: message/rfc822\r\nContent-Disposition: attachment; filename=b.eml\r\n\r\n" +
		fmt.Sprintf(benchTextHeader, 2) + second + "\r\n--M--\r\n"
}

// mailbox has forty rows in each of its messages (RFC 4155).
func (m *fileMaker) mailbox() string {
	const rows = 40
	box := m.each(func(b *strings.Builder, i int, row string) {
		if i%rows == 0 {
			b.WriteString("From kim@ekman.example Sun Nov 29 10:00:00 2026\r\n")
			fmt.Fprintf(b, benchTextHeader, i)
		}
		b.WriteString(row + "\r\n")
		if i%rows == rows-1 {
			b.WriteString("\r\n")
		}
	})
	return strings.ReplaceAll(box, "\r\n", "\n")
}

// outlook is a saved message (MS-OXMSG).
func (m *fileMaker) outlook(t testing.TB) []byte {
	return compound(t, file{"__properties_version1.0", strings.Repeat("\x00", 32)},
		file{"__substg1.0_0037001F", utf16Text("Underlag")}, file{"__substg1.0_1000001F", utf16Text(m.plain())})
}

// winmail has half of the rows in its text and half in a file (MS-OXTNEF).
func (m *fileMaker) winmail() []byte {
	first, second := strings.Join(m.rows[:len(m.rows)/2], "\r\n"), strings.Join(m.rows[len(m.rows)/2:], "\r\n")
	return tnefOf(
		1, 0x00069007, "\xe4\x04\x00\x00\x00\x00\x00\x00",
		1, 0x00018004, "Underlag\x00",
		1, 0x0002800c, string(encodeText(first, "windows-1252"))+"\x00",
		2, 0x00069002, strings.Repeat("\x00", 14),
		2, 0x00018010, "lista.txt\x00",
		2, 0x0006800f, second,
	)
}

// uuencoded is a text with a file in it (POSIX uuencode).
func (m *fileMaker) uuencoded() string {
	var b strings.Builder
	b.WriteString("Hej,\r\n\r\nbegin 644 lista.txt\r\n")
	for rest := []byte(m.plain()); len(rest) > 0; {
		line := rest[:min(45, len(rest))]
		rest = rest[len(line):]
		b.WriteByte(byte(len(line)) + ' ')
		for len(line) > 0 {
			var three [3]byte
			line = line[copy(three[:], line):]
			for _, six := range []byte{three[0] >> 2, three[0]<<4 | three[1]>>4, three[1]<<2 | three[2]>>6, three[2]} {
				b.WriteByte((six&63+63)&63 + '!') // a space is written as a grave accent
			}
		}
		b.WriteString("\r\n")
	}
	return b.String() + "`\r\nend\r\n"
}

// yEncoded is a text with a file in it (yEnc 1.3).
func (m *fileMaker) yEncoded() string {
	data := m.plain()
	var b strings.Builder
	fmt.Fprintf(&b, "Hej,\r\n\r\n=ybegin line=128 size=%d name=lista.txt\r\n", len(data))
	for i := range len(data) {
		switch c := data[i] + 42; c {
		case 0, '\r', '\n', '=':
			b.WriteString("=" + string([]byte{c + 64}))
		default:
			b.WriteByte(c)
		}
		if i%128 == 127 {
			b.WriteString("\r\n")
		}
	}
	fmt.Fprintf(&b, "\r\n=yend size=%d\r\n", len(data))
	return b.String()
}

// storedRAR is an archive whose file is not compressed (RAR 5.0 archive format): only its makers may write the others.
func (m *fileMaker) storedRAR() []byte {
	data := []byte(m.plain())
	block := func(fields ...uint64) []byte {
		var body []byte
		for _, f := range fields {
			body = binary.AppendUvarint(body, f)
		}
		return body
	}
	sealed := func(body []byte) []byte {
		body = append(binary.AppendUvarint(nil, uint64(len(body))), body...)
		return append(binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(body)), body...)
	}
	const name = "a.txt"
	head := block(2, 2, uint64(len(data)), 4, uint64(len(data)), 0o644)
	head = binary.LittleEndian.AppendUint32(head, crc32.ChecksumIEEE(data))
	head = append(append(head, block(0, 1, uint64(len(name)))...), name...)
	return slices.Concat([]byte("Rar!\x1a\x07\x01\x00"), sealed(block(1, 0, 0)), sealed(head), data, sealed(block(5, 0, 0)))
}

func (m *fileMaker) xz(t testing.TB) []byte {
	var b bytes.Buffer
	w, err := xz.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(m.plain())); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (m *fileMaker) bzip2(t testing.TB) []byte {
	bz := m.program(t, "bzip2")
	if err := os.WriteFile(filepath.Join(m.dir, "packed.txt"), []byte(m.plain()), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, exec.Command(bz, "-9", "-f", filepath.Join(m.dir, "packed.txt")))
	return m.read(t, "packed.txt.bz2")
}

func (m *fileMaker) sevenZip(t testing.TB) []byte {
	seven := m.program(t, "7z", "7zz", "7za")
	if err := os.WriteFile(filepath.Join(m.dir, "a.txt"), []byte(m.plain()), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, exec.Command(seven, "a", "-bso0", "-bsp0", filepath.Join(m.dir, "packed.7z"), filepath.Join(m.dir, "a.txt")))
	return m.read(t, "packed.7z")
}

// office has LibreOffice make a file of a new one.
func (m *fileMaker) office(filter, source string, parts func() []file) func(testing.TB) []byte {
	return func(t testing.TB) []byte {
		soffice := m.program(t, "soffice")
		path := filepath.Join(m.dir, "source-"+source)
		if err := os.WriteFile(path, zipOf(t, parts()...), 0o600); err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(m.dir, "out")
		run(t, exec.Command(soffice, "-env:UserInstallation=file://"+filepath.Join(m.dir, "profile"), "--headless",
			"--convert-to", filter, "--outdir", out, path))
		ext, _, _ := strings.Cut(filter, ":")
		return m.read(t, filepath.Join("out", strings.TrimSuffix("source-"+source, filepath.Ext(source))+"."+ext))
	}
}

// program is the first of these programs that is installed; without any the benchmark is passed over.
func (m *fileMaker) program(t testing.TB, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skipf("%s makes this file and is not installed", strings.Join(names, " or "))
	return ""
}

func run(t testing.TB, c *exec.Cmd) {
	t.Helper()
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", c.Args, err, out)
	}
}

func (m *fileMaker) read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(m.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
