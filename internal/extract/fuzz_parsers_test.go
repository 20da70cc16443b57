package extract

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzRTF(f *testing.F) {
	f.Add(stored(f, "a.rtf"))
	f.Add([]byte(`{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset161 x;}}\uc1 a\u229?\'e5{\*\htmltag64 <p>}{\v x}{\object{\*\objdata 0105000002000000}}{\pict\emfblip 0100}\bin3 abc}`))
	f.Add([]byte(`{\rtf1\fromhtml1{\*\htmltag <b>}x{\field{\*\fldinst HYPERLINK "a"}{\fldrslt b}}{\listtext 1.}\par`))
	f.Fuzz(func(t *testing.T, b []byte) {
		readWith(t, func(w *walker, f *leaf) { w.rtfText(f, b) })
	})
}

func FuzzPackedRTF(f *testing.F) {
	f.Add([]byte("\x1d\x00\x00\x00\x1e\x00\x00\x00LZFu\x00\x00\x00\x00\x03\x00\x0a\x00rcpg125\x42\x00\x00"))
	f.Add([]byte("\x00\x00\x00\x00\x03\x00\x00\x00MELA\x00\x00\x00\x00{a}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		const limit = 10000
		if rtf, _ := decompressRTF(b, limit); len(rtf) > limit+8*17 || len(rtf) > 9*len(b) {
			t.Fatalf("%d bytes of %d", len(rtf), len(b))
		}
	})
}

func FuzzOldExcel(f *testing.F) {
	const cell = "\x00\x00\x00\x00\x00\x00"
	sheet := biffOf(biffRK, cell+"\x02\x00\x00\x00") + biffOf(biffXF, "\x00\x00\xa4\x00") + biffOf(biffFormat, "\xa4\x00\x05\x00\x00\"ab\"0") +
		biffOf(biffMulRK, "\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x01\x00") + biffOf(biffNumber, cell+"\x00\x00\x00\x00\x00\x00\xf0\x3f") +
		biffOf(biffFormula, cell+"\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00\x03\x00\x1e\x01\x00") + biffOf(biffString, "\x02\x00\x00ab")
	f.Add([]byte(workbookOf(0x0600, biffOf(biffSST, "\x01\x00\x00\x00\x01\x00\x00\x00\x03\x00\x0chej\x01\x00\x04\x00\x00\x00")+biffOf(biffContinue, "\x01a\x00"), biffOf(biffLabelSST, cell+"\x00\x00\x00\x00")+sheet)))
	f.Add([]byte(workbookOf(0x0500, biffOf(biffSheet, "\x00\x00\x00\x00\x00\x00\x01a"), biffOf(biffLabel, cell+"\x03\x00hej")+biffOf(biffNote, "\x00\x00\x00\x00\x03\x00hej"))))
	f.Add([]byte(workbookOf(0x0600, "", biffOf(biffHeader, "\x05\x00\x00&C&Px")+biffOf(biffTextBox, strings.Repeat("\x00", 10)+"\x03\x00")+biffOf(biffContinue, "\x00hej")+biffOf(biffInput, "\x03\x00\x00\x00"+strings.Repeat("\x01\x00\x00a", 4)))))
	f.Fuzz(func(t *testing.T, b []byte) {
		readWith(t, func(w *walker, f *leaf) {
			x := &biff{w: w, f: f, limit: w.text, rest: b}
			x.run()
			x.flush()
			w.segment(f.where, Hidden, f.att, x.formats.literals())
			w.segment(f.where, AttachmentText, f.att, strings.Join(x.names, "\n"))
		})
	})
}

// readOLE reads a compound file with these streams.
func readOLE(t *testing.T, streams ...file) {
	t.Helper()
	b := compound(t, streams...)
	readWith(t, func(w *walker, f *leaf) {
		f.found.class = asOLE
		w.open(f, bytes.NewReader(b), int64(len(b)))
	})
}

func FuzzOldPowerPoint(f *testing.F) {
	f.Add([]byte("\x0f\x00\xee\x03\x10\x00\x00\x00\x00\x00\xa8\x0f\x03\x00\x00\x00hej\x00\x00\xa0\x0f\x02\x00\x00\x00a\x00"))
	f.Add([]byte("\x0f\x00\xf8\x03\x0a\x00\x00\x00\x00\x00\xba\x0f\x02\x00\x00\x00a\x00\x10\x00\x11\x10\x06\x00\x00\x00\x01\x00\x00\x00x\x9c"))
	f.Add([]byte("\x03\x00\x0b\xf0\x0c\x00\x00\x00a\x00b\x00c\x00d\x00e\x00f\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		readOLE(t, file{"PowerPoint Document", string(b)}, file{"Current User", strings.Repeat("\x00", 20)})
	})
}

func FuzzOldWord(f *testing.F) {
	f.Add(strings.Repeat("\x00", 0x800)+"hej", strings.Repeat("\x00", 40))
	f.Add("\xec\xa5\xc1\x00"+strings.Repeat("\x00", 0x800)+"hej", "\x02\x10\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00\x00\x00\x08\x00\x00\x00\x00")
	f.Fuzz(func(t *testing.T, main, table string) {
		readOLE(t, file{"WordDocument", main}, file{"0Table", table}, file{"1Table", table})
	})
}

func FuzzOutlook(f *testing.F) {
	f.Add("a\x00", "001A001F", "0037001E", "hej", "\x03\x00\xfd\x3f\x00\x00\x00\x00\xe9\xfd\x00\x00\x00\x00\x00\x00")
	f.Add("a.txt", "10130102", "3701000D", "<p>x", "\x03\x00\xde\x3f\x00\x00\x00\x00\xe8\xfd\x00\x00\x00\x00\x00\x00")
	f.Add("LZFu", "10090102", "1000101F-00000001", "\x10\x00\x00\x00\x10\x00\x00\x00LZFu", "")
	f.Fuzz(func(t *testing.T, first, id, id2, second, fixed string) {
		if len(id) > 20 || len(id2) > 20 || strings.ContainsAny(id+id2, "/") {
			return // longer than a name in such a file
		}
		readOLE(t, file{"__properties_version1.0", strings.Repeat("\x00", 32) + fixed}, file{"__substg1.0_" + id, first}, file{"__substg1.0_" + id2, second},
			file{"__recip_version1.0_#00000000/__substg1.0_" + id, first}, file{"__attach_version1.0_#00000000/__substg1.0_" + id2, second},
			file{"__attach_version1.0_#00000000/__substg1.0_37010102", first}, file{"__attach_version1.0_#00000000/__substg1.0_3707001F", second})
	})
}

func FuzzProperties(f *testing.F) {
	set := "\x40\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00\x18\x00\x00\x00\x02\x00\x00\x00\x20\x00\x00\x00\x02\x00\x00\x00\xe9\xfd\x00\x00\x1e\x00\x00\x00\x04\x00\x00\x00hej\x00"
	f.Add([]byte("\xfe\xff\x00\x00" + strings.Repeat("\x00", 20) + "\x01\x00\x00\x00" + strings.Repeat("\x00", 16) + "\x30\x00\x00\x00" + set))
	f.Add([]byte("\xfe\xff\x00\x00" + strings.Repeat("\x00", 20) + "\x02\x00\x00\x00" + strings.Repeat("\x00", 16) + "\x30\x00\x00\x00" + strings.Replace(set, "\x1e", "\x1f", 1)))
	f.Fuzz(func(t *testing.T, b []byte) {
		const limit = 100
		text := strings.Join(propertyTexts(b, limit), "")
		if !utf8.ValidString(text) || len(text) > limit+3*len(b) {
			t.Fatalf("%d bytes of text in %d: %q", len(text), len(b), text)
		}
	})
}

func FuzzTNEF(f *testing.F) {
	f.Add(tnefOf(1, 0x00018004, "x\x00", 2, 0x00069002, "", 2, 0x00018010, "a.txt\x00", 2, 0x0006800f, "hej"))
	f.Add(tnefOf(1, 0x00069003, "\x02\x00\x00\x00\x1f\x00\x00\x10\x01\x00\x00\x00\x04\x00\x00\x00a\x00\x00\x00\x02\x01\x09\x10\x01\x00\x00\x00\x01\x00\x00\x00x\x00\x00\x00"))
	f.Add(tnefOf(1, 0x00069004, "\x01\x00\x00\x00\x01\x00\x00\x00\x1e\x00\x01\x30\x01\x00\x00\x00\x02\x00\x00\x00a\x00\x00\x00", 2, 0x00069005, "\x01\x00\x00\x00\x1e\x10\x00\x80"+strings.Repeat("\x00", 30)))
	f.Fuzz(func(t *testing.T, b []byte) {
		readWith(t, func(w *walker, f *leaf) { w.openTNEF(f, bytes.NewReader(b), int64(len(b))) })
	})
}

func FuzzInline(f *testing.F) {
	f.Add("begin 644 a\n#0V%T\n`\nend\n=ybegin line=128 size=1 name=b\nx\n=yend size=1\n")
	f.Add("begin-base64 644 a b\nQUJD\n====\nbegin 644 c\nM")
	f.Add("=ybegin part=1 line=1 name=b\n=ypart begin=1 end=2\n=}=\n..=yend")
	f.Fuzz(func(t *testing.T, text string) {
		const most = 100
		text = strings.ToValidUTF8(text, "?")
		readWith(t, func(w *walker, f *leaf) { w.inlineFiles(f, text) })
		if at, kind := nextInline(text); at >= 0 {
			if _, data, length, _ := decodeInline(text[at:], kind, most); length <= 0 || length > len(text)-at || len(data) > most+max(45, len(text)) {
				t.Fatalf("%d bytes out of %d of %d", len(data), length, len(text)-at)
			}
		}
	})
}

// readZip reads an archive with these files.
func readZip(t *testing.T, ext string, files ...file) {
	t.Helper()
	b := zipOf(t, files...)
	readWith(t, func(w *walker, f *leaf) {
		f.found, f.ext = sniff(b, "", ext), ext
		w.open(f, bytes.NewReader(b), int64(len(b)))
	})
}

func FuzzODF(f *testing.F) {
	f.Add("text", `<text:h text:outline-level="1">a</text:h><text:p>b<text:note><text:p>c</text:p></text:note><text:s text:c="3"/></text:p>`, `<style:style style:name="T"><style:text-properties text:display="none"/></style:style>`)
	f.Add("presentation", `<draw:page draw:name="a"><draw:frame><draw:text-box><text:p>b</text:p></draw:text-box></draw:frame><presentation:notes><text:p>c</text:p></presentation:notes></draw:page>`, `<text:list-style><text:list-level-style-number text:level="1" style:num-format="I" text:start-value="9"/></text:list-style>`)
	f.Add("text", `<text:tracked-changes><text:changed-region text:id="x"><text:p>a</text:p></text:changed-region></text:tracked-changes><text:p>b<text:change text:change-id="x"/><text:span text:style-name="T">c`, `</text:span>`)
	f.Add("spreadsheet", `<table:table table:name="a"><table:table-row><table:table-cell office:value="12345678"><text:p>1</text:p></table:table-cell><table:table-cell table:formula="of:=&quot;a&quot;"/>`, ``)
	f.Fuzz(func(t *testing.T, kind, content, styles string) {
		readZip(t, "odt", file{"mimetype", "application/vnd.oasis.opendocument." + kind}, file{"styles.xml", "<a>" + styles + "</a>"}, file{"content.xml", "<a>" + content + "</a>"})
	})
}

func FuzzSlides(f *testing.F) {
	f.Add(`<p:sld><p:sp><a:p><a:pPr lvl="1"><a:buAutoNum type="arabicPeriod" startAt="7"/></a:pPr><a:r><a:t>x</a:t></a:r></a:p></p:sp></p:sld>`, `<p:cm><p:text>a</p:text></p:cm>`, `<p:sldSz cx="12192000" cy="6858000"/>`)
	f.Add(`<p:pic><a:off x="1" y="1"/><a:ext cx="9" cy="-9"/></p:pic><a:p><a:fld type="slidenum"><a:t>1`, `<c:numFmt formatCode="&quot;a&quot;0"/>`, `</p:sldSz>`)
	f.Fuzz(func(t *testing.T, slide, notes, presentation string) {
		readZip(t, "pptx",
			file{"[Content_Types].xml", `<Types><Default Extension="xml" ContentType="application/xml"/><Override PartName="/ppt/presentation.xml" ContentType="application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"/></Types>`},
			file{"ppt/presentation.xml", presentation}, file{"ppt/slides/slide1.xml", slide}, file{"ppt/notesSlides/notesSlide1.xml", notes}, file{"ppt/charts/chart1.xml", notes})
	})
}

func FuzzFlatXML(f *testing.F) {
	f.Add(`<?xml version="1.0"?><office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"><office:body><office:text><text:p>a</text:p><office:binary-data>QQ==</office:binary-data></office:text></office:body></office:document>`)
	f.Add(`<?xml version="1.0"?><pkg:package xmlns:pkg="http://schemas.microsoft.com/office/2006/xmlPackage"><pkg:part pkg:name="/word/media/a.png"><pkg:binaryData>QQ==</pkg:binaryData></pkg:part><w:p><w:t>a`)
	f.Add(`<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"><w:body><w:p><w:r><w:t>a</w:t></w:r></w:p></w:body></w:wordDocument>`)
	f.Add(`<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"><office:presentation><draw:page draw:name="a"><text:p>b<draw:page><text:p>c</draw:page>`)
	f.Add(`<svg xmlns="http://www.w3.org/2000/svg"><style>a{display:none}</style><text x="1" class="a">b<tspan dy="2">c</tspan></text><title>d</title></svg>`)
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "?")
		readWith(t, func(w *walker, f *leaf) { w.xmlText(f, text) })
	})
}

func FuzzCalendar(f *testing.F) {
	f.Add("BEGIN:VCARD\r\nNOTE;CHARSET=utf-8;ENCODING=QUOTED-PRINTABLE:a=\r\n=C3=A5=\r\nPHOTO;ENCODING=b;TYPE=PNG:iVBO\r\n Rw0K\r\nEND:VCARD\r\n")
	f.Add("BEGIN:VEVENT\r\nATTACH;FMTTYPE=text/plain;ENCODING=BASE64;VALUE=BINARY;X-FILENAME=\"a;b.txt\":\r\n aGVq\r\n\r\nX-ALT-DESC;FMTTYPE=text/html:<p>a\\, b</p>\r\n")
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "?")
		readWith(t, func(w *walker, f *leaf) { w.calendar(f, text) })
		_ = unquoteCard(text)
	})
}

func FuzzUTF7(f *testing.F) {
	f.Add([]byte("Hi Mom -+Jjo--! +AOU-b +46 8 +-"), true)
	f.Add([]byte("+2D3cBA\xff"), false)
	f.Fuzz(func(t *testing.T, b []byte, ends bool) {
		text, encoded := fromUTF7(b, ends)
		switch {
		case !utf8.ValidString(text):
			t.Fatalf("%q is not UTF-8", text)
		case len(text) > 3*len(b):
			t.Fatalf("%d bytes out of %d", len(text), len(b))
		case !encoded && ascii(b) && len(text) > len(b):
			t.Fatalf("%q out of %q, in which nothing is encoded", text, b)
		}
	})
}

func FuzzOpenPGP(f *testing.F) {
	f.Add([]byte("\xcb\x0bb\x01a\x00\x00\x00\x00hejsa"))
	f.Add([]byte("\xa3\x00\xcb\x0bb\x01a\x00\x00\x00\x00hejsa"))
	f.Add([]byte("\xc1\x03\x03aa\xd2\xe1xx\x01y"))
	f.Fuzz(func(t *testing.T, b []byte) {
		readWith(t, func(w *walker, f *leaf) { w.pgp(f, b, 0) })
	})
}

func FuzzArmour(f *testing.F) {
	f.Add("-----BEGIN PGP MESSAGE-----\nVersion: x\n\nywtiAWEAAAAAaGVqc2E=\n=abcd\n-----END PGP MESSAGE-----\n")
	f.Add("> -----BEGIN PGP MESSAGE----- ywtiAWEAAAAAaGVqc2FoZWpzYWhlanNhaGVqc2FoZWpzYWhlanNh -----END PGP MESSAGE-----")
	f.Fuzz(func(t *testing.T, text string) {
		text = strings.ToValidUTF8(text, "?")
		readWith(t, func(w *walker, f *leaf) {
			w.armours(f, text)
			w.armours(f, inLines(text))
		})
	})
}

func FuzzRARAside(f *testing.F) {
	f.Add(fromPlaces(f, "arkiv4.rar"))
	f.Add(fromPlaces(f, "arkiv5.rar"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, n := bytes.NewReader(b), int64(len(b))
		readWith(t, func(w *walker, f *leaf) {
			last := int64(0)
			end := rarEnd(r, n, func(five bool, at, end int64) {
				if at < last || end <= at || end > n {
					t.Fatalf("a block from %d to %d behind %d of %d", at, end, last, n)
				}
				last = end
				w.rarAside(f, r, five, at, end)
			})
			if end > n {
				t.Fatalf("ends at %d of %d", end, n)
			}
			for _, five := range []bool{false, true} {
				w.rarAside(f, r, five, 0, n)
			}
		})
	})
}

func FuzzZip(f *testing.F) {
	b := zipOf(f, file{"a.txt", "hej"}, file{"b.txt", "a"})
	f.Add(b)
	f.Add(append(bytes.Clone(b), "behind"...))
	f.Add(append(bytes.Clone(b[:len(b)/2]), b...))
	f.Add(fromPlaces(f, "arkiv.zip"))
	f.Fuzz(func(t *testing.T, b []byte) {
		readWith(t, func(w *walker, f *leaf) {
			f.found = sniffed{"application/zip", asZip}
			w.open(f, bytes.NewReader(b), int64(len(b)))
		})
	})
}

func FuzzFormats(f *testing.F) {
	f.Add(`[$-41D]d mmmm yyyy;@`, "45000.5", true)
	f.Add(`"a"0"b"#,##0.00_);[Red][>100](0.0%);\x@`, "-1E+20", false)
	f.Add(`[h]:mm:ss.000 AM/PM`, "1E400", false)
	f.Fuzz(func(t *testing.T, code, v string, from04 bool) {
		code, v = strings.ToValidUTF8(code, "?"), strings.ToValidUTF8(v, "?")
		s := &formats{from04: from04}
		s.style(200)
		s.code(200, code)
		for _, text := range []string{s.show(v, 0), s.showText(v, 0), s.literals()} {
			if !utf8.ValidString(text) || len(text) > 1000+100*(len(code)+len(v)) {
				t.Fatalf("%d bytes: %q", len(text), text)
			}
		}
	})
}

func FuzzFormula(f *testing.F) {
	f.Add(`"a"&REPT("b",3)&TEXT(45000,"yyyy-mm-dd")`)
	f.Add(`IF(1>2,CONCATENATE("a";1),SUBSTITUTE("aaa","a","bb"))`)
	f.Fuzz(func(t *testing.T, src string) {
		src = strings.ToValidUTF8(src, "?")
		if v, ok := foldConstant(src); ok && (!utf8.ValidString(v.text) || len(v.text) > 1<<20) {
			t.Fatalf("%d bytes: %q", len(v.text), v.text[:min(len(v.text), 100)])
		}
	})
}
