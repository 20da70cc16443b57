package extract

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"Subject: =?utf-8?q?a?=\r\n\r\nhej",
		"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n\r\na\r\n--B\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n--B--\r\n",
		"Content-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>=E5<b>b</b>=\r\n",
		"Content-Transfer-Encoding: base64\r\n\r\nQUJD\r\nQQ==\r\nfooter",
		"Content-Type: text/plain; charset=utf-16\r\n\r\n\xff\xfea\x00",
		"Content-Type: a/b; name*0*=utf-8''%41; name*1=b\r\nContent-Disposition: attachment\r\n\r\n\x00",
		"Content-Type: text/x-vcard\r\n\r\nBEGIN:VCARD\r\nNOTE;CHARSET=utf-16;ENCODING=QUOTED-PRINTABLE:a=\r\n=00=E5=\r\n",
	} {
		f.Add([]byte(s))
	}
	for _, e := range evilMail() {
		f.Add([]byte(e.msg))
	}
	f.Add([]byte(attached("a.docx", zipOf(f, docx("<w:p><w:r><w:t>x</w:t></w:r></w:p>")...))))
	f.Add([]byte(attached("a.xlsx", zipOf(f, xlsx(`<row><c r="B1" t="s"><v>1</v></c></row>`)...))))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := Parse(context.Background(), bytes.NewReader(raw), Limits{Text: 1 << 20, Unpacked: 4 << 20})
		if err != nil {
			t.Fatal(err)
		}
		var total int64
		for _, s := range c.Segments {
			if !utf8.ValidString(s.Text) || !utf8.ValidString(s.Where) {
				t.Fatalf("segment %s @ %s is not UTF-8", s.Kind, s.Where)
			}
			for _, q := range s.Quoted {
				if q.Start < 0 || q.End > len(s.Text) || q.Start >= q.End {
					t.Fatalf("quoted %v of %d bytes", s.Quoted, len(s.Text))
				}
			}
			if s.Attachment < -1 || s.Attachment >= len(c.Attachments) {
				t.Fatalf("attachment %d of %d", s.Attachment, len(c.Attachments))
			}
			total += int64(len(s.Text))
		}
		if total > 1<<20 {
			t.Fatalf("%d bytes of text", total)
		}
		readsToo(t, raw)
	})
}

// FuzzSecond reads any message a second time, also what would not need it: a text of the
// first reading stays, and what is added holds together.
func FuzzSecond(f *testing.F) {
	for _, e := range evilMail() {
		f.Add([]byte(e.msg))
	}
	for _, s := range ordinaryShapes() {
		f.Add((&maker{r: rand.New(rand.NewPCG(1, 1)), eol: "\r\n"}).message(s.make))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		lim := Limits{Text: 1 << 20, Unpacked: 4 << 20}.Filled()
		w := &walker{lim: lim, out: &Content{}, text: lim.Text, unpacked: lim.Unpacked}
		l := newLines(bytes.NewReader(raw), nil)
		w.message(l, &scope{att: -1}, true)
		first := slices.Clone(w.out.Segments)
		kept := &spool{max: maxSecond}
		_, _ = kept.Write(raw)
		w.again(kept)
		for i, s := range w.out.Segments {
			switch {
			case i < len(first) && s.Text != first[i].Text:
				t.Fatalf("segment %d changed", i)
			case i >= len(first) && !strings.HasPrefix(s.Where, "reading["):
				t.Fatalf("segment of the second reading at %s", s.Where)
			case !utf8.ValidString(s.Text) || !utf8.ValidString(s.Where):
				t.Fatalf("segment %s @ %s is not UTF-8", s.Kind, s.Where)
			case s.Attachment < -1 || s.Attachment >= len(w.out.Attachments):
				t.Fatalf("attachment %d of %d", s.Attachment, len(w.out.Attachments))
			}
		}
	})
}

// readsToo: what Read lists, CopyPart finds, with the same size.
func readsToo(t *testing.T, raw []byte) {
	t.Helper()
	m, err := Read(context.Background(), bytes.NewReader(raw), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range m.Parts[:min(3, len(m.Parts))] {
		got, err := CopyPart(context.Background(), io.Discard, bytes.NewReader(raw), p.Index)
		if err != nil || got != p {
			t.Fatalf("part %d: %+v, %v; want %+v", p.Index, got, err, p)
		}
	}
}

// FuzzOffice feeds damaged XML and damaged zips through the document readers.
func FuzzOffice(f *testing.F) {
	f.Add("<w:p><w:r><w:t>x</w:t></w:r></w:p>", `<row><c r="B1" t="s"><v>1</v></c></row>`, `<text:p>a<text:s/></text:p>`)
	f.Add("<w:txbxContent><w:p>", `<row><c r="ZZZZZ1" t="s"><v>-1</v></c></row>`, `<table:table name="a"><note><text:p>`)
	f.Add("</w:txbxContent></w:p><w:del><w:t>a", `<c s="-5"><v>1E400</v></c>`, `<table:table-cell number-columns-repeated="999999999"/>`)
	f.Fuzz(func(t *testing.T, doc, sheet, odt string) {
		for name, files := range map[string][]file{
			"a.docx": docx(doc), "a.xlsx": xlsx(sheet),
			"a.ods": {{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"}, {"content.xml", odt}},
		} {
			_ = parseLimits(t, attached(name, zipOf(t, files...)), Limits{})
		}
	})
}

// FuzzAttachment hands the bytes of a file to whatever reads its kind.
func FuzzAttachment(f *testing.F) {
	for _, name := range []string{"a.doc", "b.xls", "a.rtf", "plain.7z", "locked.7z", "sealed.7z", "locked.zip", "aes.zip", "lista.txt.gz", "lista.txt.bz2", "lista.txt.xz", "a.tar.gz"} {
		f.Add(stored(f, name))
	}
	f.Add(tnefOf(1, 0x00018004, "x\x00", 2, 0x00069002, "", 2, 0x00018010, "a.txt\x00", 2, 0x0006800f, "hej"))
	f.Add(compound(f, file{"__properties_version1.0", "x"}, file{"__substg1.0_1000001F", "h\x00"}, file{"__attach_version1.0_#00000000/__substg1.0_37010102", "x"}))
	f.Add(zipOf(f, docx("<w:p/>")...))
	f.Add([]byte("From a@b Mon Nov 23 10:00:00 2026\nSubject: x\n\ny\n"))
	f.Add([]byte("begin 644 a\n#0V%T\n`\nend\n=ybegin line=1 name=b\nx\n=yend\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		raw := "Content-Type: application/octet-stream; name=a.bin\r\nContent-Disposition: attachment\r\nContent-Transfer-Encoding: binary\r\n\r\n" + string(data)
		c, err := Parse(context.Background(), strings.NewReader(raw), Limits{Text: 1 << 20, Unpacked: 4 << 20, Spool: 2 << 20})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range c.Segments {
			if !utf8.ValidString(s.Text) || !utf8.ValidString(s.Where) {
				t.Fatalf("segment %s @ %s is not UTF-8", s.Kind, s.Where)
			}
		}
		ours := !slices.ContainsFunc([]string{"7z\xBC\xAF", "Rar!", "\xD0\xCF\x11\xE0", "\xFD7zXZ"}, func(sig string) bool { return bytes.Contains(data, []byte(sig)) })
		for _, u := range c.Unreadable {
			if ours && u.Detail == "the reader gave up" {
				t.Errorf("a reader of ours panicked on %q", data)
			}
		}
	})
}
