package extract

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"
)

// file is one file of a zip made for a test.
type file struct{ name, text string }

func zipOf(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	zw := zip.NewWriter(&b)
	for _, f := range files {
		w, err := zw.Create(f.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// attached is a message with a text and one base64 attachment.
func attached(name string, data []byte) string {
	return fmt.Sprintf("Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n"+
		"--B\r\nContent-Type: text/plain\r\n\r\nsee file\r\n--B\r\nContent-Type: application/octet-stream\r\n"+
		"Content-Disposition: attachment; filename=%q\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n--B--\r\n", name, lines76(data))
}

func lines76(data []byte) string {
	s := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\r\n")
		s = s[76:]
	}
	return b.String() + s
}

const wordTypes = `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
	`<Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
	`<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`

const excelTypes = `<Types><Default Extension="xml" ContentType="application/xml"/>` +
	`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
	`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>` +
	`<Override PartName="/xl/worksheets/sheet2.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>` +
	`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>` +
	`<Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>`

func docx(body string, more ...file) []file {
	return append([]file{
		{"[Content_Types].xml", wordTypes},
		{"word/document.xml", `<w:document xmlns:w="w"><w:body>` + body + `</w:body></w:document>`},
	}, more...)
}

func xlsx(sheet1 string, more ...file) []file {
	return append([]file{
		{"[Content_Types].xml", excelTypes},
		{"xl/workbook.xml", `<workbook xmlns:r="r"><sheets><sheet name="Blad1" sheetId="1" r:id="rId1"/><sheet name="Gömt" sheetId="2" state="hidden" r:id="rId2"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="rId1" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Target="/xl/worksheets/sheet2.xml"/></Relationships>`},
		{"xl/sharedStrings.xml", `<sst><si><t>Namn</t></si><si><r><t>Person</t></r><r><t>nummer</t></r><rPh><t>ruby</t></rPh></si></sst>`},
		{"xl/styles.xml", `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="000000\-0000"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>`},
		{"xl/worksheets/sheet1.xml", `<worksheet><sheetData>` + sheet1 + `</sheetData></worksheet>`},
	}, more...)
}

func TestOffice(t *testing.T) {
	t.Parallel()
	para := func(s string) string { return "<w:p>" + s + "</w:p>" }
	run := func(s string) string { return "<w:r><w:t xml:space=\"preserve\">" + s + "</w:t></w:r>" }
	odfHead := `<office:document-content xmlns:office="o" xmlns:text="t" xmlns:table="b">`
	tests := []struct {
		name  string
		file  string
		files []file
		want  []Segment // each must be there: Where, Kind, and Text as a part
		not   []string  // in no text of kind AttachmentText
		found []Unreadable
	}{
		{
			name: "docx joins runs", file: "a.docx",
			files: docx(para(run("Personnummer 8901")+`<w:proofErr w:type="x"/>`+run("02-2387")) + para("<w:pPr><w:tabs><w:tab w:val=\"left\"/></w:tabs></w:pPr>"+run("a")+"<w:r><w:tab/><w:t>b</w:t><w:noBreakHyphen/><w:t>c</w:t></w:r>")),
			want:  []Segment{{Where: "att[1]/a.docx", Kind: AttachmentText, Text: "Personnummer 890102-2387\na\tb-c"}},
		},
		{
			name: "docx table", file: "a.docx",
			files: docx("<w:tbl><w:tr><w:tc>" + para(run("Namn")) + "</w:tc><w:tc>" + para(run("890102")) + "</w:tc></w:tr><w:tr><w:tc>" + para("") + "</w:tc><w:tc>" + para(run("x")) + "</w:tc></w:tr></w:tbl>" + para(run("efter"))),
			want:  []Segment{{Where: "att[1]/a.docx", Kind: AttachmentText, Text: "Namn\t890102\n\tx\nefter"}},
		},
		{
			name: "docx tracked change", file: "a.docx",
			files: docx(para(run("nr 8901") + "<w:del><w:r><w:delText>02-2387</w:delText></w:r></w:del><w:ins>" + run("99") + "</w:ins>")),
			want: []Segment{
				{Where: "att[1]/a.docx", Kind: AttachmentText, Text: "nr 890199"},
				{Where: "att[1]/a.docx", Kind: Hidden, Text: "nr 890102-2387"},
			},
		},
		{
			name: "docx text box does not cut a number", file: "a.docx",
			files: docx(para(run("8901") + "<w:r><w:pict><w:txbxContent>" + para(run("i rutan")) + "</w:txbxContent></w:pict></w:r>" + run("02-2387"))),
			want: []Segment{
				{Where: "att[1]/a.docx", Kind: AttachmentText, Text: "890102-2387"},
				{Where: "att[1]/a.docx", Kind: AttachmentText, Text: "i rutan"},
			},
		},
		{
			name: "docx WordArt", file: "a.docx",
			files: docx(para(run("8901") + `<w:r><w:pict><v:shape><v:textpath string="UTKAST 1"/></v:shape></w:pict></w:r>` + run("02-2387"))),
			want: []Segment{
				{Where: "att[1]/a.docx", Kind: AttachmentText, Text: "890102-2387"},
				{Where: "att[1]/a.docx", Kind: AttachmentText, Text: "UTKAST 1"},
			},
		},
		{
			name: "docx form field", file: "a.docx",
			files: docx(para(`<w:r><w:fldChar><w:ffData><w:textInput><w:default w:val="890102-2387"/></w:textInput><w:statusText w:val="skriv"/></w:ffData></w:fldChar></w:r>`)),
			want:  []Segment{{Where: "att[1]/a.docx", Kind: Hidden, Text: "890102-2387\nskriv"}},
		},
		{
			name: "docx hidden run", file: "a.docx",
			files: docx(para(`<w:pPr><w:rPr><w:vanish/></w:rPr></w:pPr>` + run("nr 8901") + `<w:r><w:rPr><w:vanish/></w:rPr><w:t>gömt</w:t></w:r>` + `<w:r><w:rPr><w:vanish w:val="0"/></w:rPr><w:t>02</w:t></w:r>` + run("-2387"))),
			want: []Segment{
				{Where: "att[1]/a.docx", Kind: AttachmentText, Text: "nr 8901gömt02-2387"},
				{Where: "att[1]/a.docx", Kind: Hidden, Text: "nr 890102-2387"},
			},
		},
		{
			name: "docx other parts", file: "a.docx",
			files: docx(para(run("x")),
				file{"word/header1.xml", "<w:hdr>" + para(run("sidhuvud")) + "</w:hdr>"},
				file{"word/comments.xml", "<w:comments>" + para(run("kommentar")) + "</w:comments>"},
				file{"docProps/core.xml", "<p xmlns:dc=\"d\"><dc:title>Titel 890102-2387</dc:title></p>"},
				file{"word/_rels/document.xml.rels", `<Relationships><Relationship Target="https://h.example/?p=1" TargetMode="External"/></Relationships>`},
				file{"word/media/image1.png", "\x89PNG\r\n\x1a\n\x00\x00"}),
			want: []Segment{
				{Where: "att[1]/a.docx!header1", Kind: AttachmentText, Text: "sidhuvud"},
				{Where: "att[1]/a.docx!comments", Kind: AttachmentText, Text: "kommentar"},
				{Where: "att[1]/a.docx!core", Kind: Hidden, Text: "Titel 890102-2387"},
				{Where: "att[1]/a.docx", Kind: Href, Text: "https://h.example/?p=1"},
			},
		},
		{
			name: "xlsx", file: "lista.xlsx",
			files: xlsx(`<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>`+
				`<row r="2"><c r="A2" t="inlineStr"><is><r><t>An</t></r><r><t>na</t></r></is></c><c r="B2"><v>1.98901022387E+11</v></c><c r="D2" s="1"><v>102030405</v></c></row>`+
				`<row r="3"><c r="A3" t="str"><f>"a"&amp;"b"</f><v>ab</v></c><c r="B3"><v>0.30000000000000004</v></c></row>`,
				file{"xl/worksheets/sheet2.xml", `<worksheet><sheetData><row><c t="inlineStr"><is><t>hemligt</t></is></c></row></sheetData></worksheet>`},
				file{"xl/comments1.xml", `<comments><commentList><comment><text><r><t>8901</t></r><r><t>02</t></r></text></comment></commentList></comments>`}),
			want: []Segment{
				{Where: "att[1]/lista.xlsx!Blad1", Kind: AttachmentText, Text: "Namn\tPersonnummer\nAnna\t198901022387\t\t010203-0405\nab\t0.3"},
				{Where: "att[1]/lista.xlsx!Gömt", Kind: AttachmentText, Text: "hemligt"},
				{Where: "att[1]/lista.xlsx!comments1", Kind: AttachmentText, Text: "890102"},
			},
			not: []string{"ruby"},
		},
		{
			name: "pptx", file: "a.pptx",
			files: []file{
				{"[Content_Types].xml", `<Types><Default Extension="xml" ContentType="application/xml"/><Override PartName="/ppt/presentation.xml" ContentType="application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"/></Types>`},
				{"ppt/presentation.xml", "<p/>"},
				{"ppt/slides/slide1.xml", `<p:sld xmlns:a="a"><a:p><a:r><a:t>Bild </a:t></a:r><a:r><a:t>ett</a:t></a:r></a:p><p:cNvPr descr="alternativ text"/></p:sld>`},
				{"ppt/notesSlides/notesSlide1.xml", `<p:notes xmlns:a="a"><a:p><a:r><a:t>anteckning</a:t></a:r></a:p></p:notes>`},
			},
			want: []Segment{
				{Where: "att[1]/a.pptx!slide1", Kind: AttachmentText, Text: "Bild ett"},
				{Where: "att[1]/a.pptx!slide1", Kind: Hidden, Text: "alternativ text"},
				{Where: "att[1]/a.pptx!notesSlide1", Kind: AttachmentText, Text: "anteckning"},
			},
		},
		{
			name: "odt", file: "a.odt",
			files: []file{
				{"mimetype", "application/vnd.oasis.opendocument.text"},
				{"content.xml", odfHead + `<text:p>Nr <text:span>8901</text:span><text:span>02-2387</text:span><text:note><text:p>fotnot</text:p></text:note><text:s text:c="2"/>x<text:tab/>y</text:p></office:document-content>`},
				{"styles.xml", odfHead + `<text:p>sidfot</text:p></office:document-content>`},
			},
			want: []Segment{
				{Where: "att[1]/a.odt", Kind: AttachmentText, Text: "Nr 890102-2387  x\ty"},
				{Where: "att[1]/a.odt", Kind: AttachmentText, Text: "fotnot"},
				{Where: "att[1]/a.odt!styles", Kind: AttachmentText, Text: "sidfot"},
			},
		},
		{
			name: "ods", file: "a.ods",
			files: []file{
				{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"},
				{"content.xml", odfHead + `<table:table table:name="Blad1"><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell><table:table-cell office:value="198901022387"><text:p>1,98901E+11</text:p></table:table-cell></table:table-row></table:table><table:table table:name="B2"><table:table-row><table:table-cell><text:p>c</text:p></table:table-cell></table:table-row></table:table></office:document-content>`},
			},
			want: []Segment{
				{Where: "att[1]/a.ods!Blad1", Kind: AttachmentText, Text: "a\t198901022387"},
				{Where: "att[1]/a.ods!B2", Kind: AttachmentText, Text: "c"},
				{Where: "att[1]/a.ods", Kind: Hidden, Text: "1,98901E+11"},
			},
		},
		{
			name: "numbers in ods", file: "a.ods",
			files: []file{
				{"mimetype", "application/vnd.oasis.opendocument.spreadsheet"},
				{"content.xml", odfHead + `<table:content-validation table:condition="of:cell-content-is-in-list(&quot;a&quot;)"/><table:table table:name="Blad1"><table:table-row>` +
					`<table:table-cell office:value="8901022387"><text:p>8 901 022 387</text:p></table:table-cell>` +
					`<table:table-cell office:value="8901022387"><text:p>890102-2387<office:annotation><text:p>not</text:p></office:annotation></text:p></table:table-cell>` +
					`<table:table-cell office:value="12345678.5"><text:p>12 345 678,50 kr</text:p></table:table-cell>` +
					`<table:table-cell office:value="198901022387"/><table:table-cell><text:p>slut</text:p></table:table-cell></table:table-row></table:table></office:document-content>`},
			},
			want: []Segment{
				{Where: "att[1]/a.ods!Blad1", Kind: AttachmentText, Text: "8901022387\t890102-2387\t12 345 678,50 kr\t198901022387\tslut\nnot"},
				{Where: "att[1]/a.ods", Kind: Hidden, Text: `of:cell-content-is-in-list("a")`},
				{Where: "att[1]/a.ods", Kind: Hidden, Text: "8 901 022 387\n8901022387\n12345678.5"},
			},
		},
		{
			name: "odt user field", file: "a.odt",
			files: []file{
				{"mimetype", "application/vnd.oasis.opendocument.text"},
				{"content.xml", odfHead + `<text:user-field-decl text:name="x" office:string-value="890102-2387"/></office:document-content>`},
			},
			want: []Segment{{Where: "att[1]/a.odt", Kind: Hidden, Text: "890102-2387"}},
		},
		{
			name: "odt with a password", file: "a.odt",
			files: []file{
				{"mimetype", "application/vnd.oasis.opendocument.text"},
				{"META-INF/manifest.xml", `<m:manifest xmlns:m="m"><m:file-entry><m:encryption-data/></m:file-entry></m:manifest>`},
				{"content.xml", "\x01\x02"},
			},
			found: []Unreadable{{"att[1]/a.odt", Encrypted, "OpenDocument file with a password"}},
		},
		{
			name: "embedded workbook", file: "a.docx",
			files: docx(para(run("x")), file{"word/embeddings/bok.xlsx", string(zipOf(t, xlsx(`<row><c t="inlineStr"><is><t>inuti</t></is></c></row>`)...))}),
			want:  []Segment{{Where: "att[1]/a.docx!word_embeddings_bok.xlsx!Blad1", Kind: AttachmentText, Text: "inuti"}},
		},
		{
			name: "embedded files of every kind", file: "a.docx",
			files: docx(para(run("x")),
				file{"word/embeddings/brev.eml", "Subject: inre\r\n\r\nnr 890102"},
				file{"word/embeddings/anteckning.txt", "löst"},
				file{"word/embeddings/oleObject1.bin", "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1" + strings.Repeat("\x00", 600)},
				file{"word/media/image1.png", "PK\x03\x04\x00"},
				file{"word/media/image2.png", "\x89PNG\r\n\x1a\n\x00" + strings.Repeat("\x00", 9000)},
				file{"word/activeX/x.bin", "\x00\x01\x02"},
				file{"word/fonts/f.odttf", "\x00\x01\x02"}),
			want: []Segment{
				{Where: "att[1]/a.docx!word_embeddings_brev.eml!subject", Kind: AttachmentText, Text: "inre"},
				{Where: "att[1]/a.docx!word_embeddings_brev.eml!body/text", Kind: AttachmentText, Text: "nr 890102"},
				{Where: "att[1]/a.docx!word_embeddings_anteckning.txt", Kind: AttachmentText, Text: "löst"},
			},
			found: []Unreadable{
				{"att[1]/a.docx!word_embeddings_oleObject1.bin", Corrupt, "damaged OLE file"},
				{"att[1]/a.docx!word_media_image1.png", Corrupt, "damaged zip file"},
				{"att[1]/a.docx!word_activeX_x.bin", Unsupported, "cannot read application/octet-stream"},
			},
		},
		{
			name: "parts in other encodings", file: "a.docx",
			files: docx(para(run("x")),
				file{"word/header1.xml", "\xff\xfe" + wide(`<?xml version="1.0" encoding="UTF-16"?><p><t>hej</t></p>`)},
				file{"word/header2.xml", "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><p><t>\xe5</t></p>"}),
			want: []Segment{
				{Where: "att[1]/a.docx!header1", Kind: AttachmentText, Text: "hej"},
				{Where: "att[1]/a.docx!header2", Kind: AttachmentText, Text: "å"},
			},
		},
		{
			name: "what a reader can call up", file: "a.docx",
			files: docx(para(run("x")+`<w:r><w:instrText>INCLUDETEXT 890102</w:instrText></w:r><w:fldSimple w:instr="REF 1"/><wp:docPr descr="beskrivning"/>`), file{"word/settings.xml", `<w:settings><w:docVar w:val="dold"/></w:settings>`}, file{"xl/pivotCache/records1.xml", `<r><s v="cachat"/></r>`}),
			want: []Segment{
				{Where: "att[1]/a.docx", Kind: Hidden, Text: "INCLUDETEXT 890102"},
				{Where: "att[1]/a.docx", Kind: Hidden, Text: "REF 1"},
				{Where: "att[1]/a.docx", Kind: Hidden, Text: "beskrivning"},
				{Where: "att[1]/a.docx!settings", Kind: Hidden, Text: "dold"},
				{Where: "att[1]/a.docx!records1", Kind: Hidden, Text: "cachat"},
			},
		},
		{
			name: "macros", file: "a.docm", files: docx(para(run("x")), file{"word/vbaProject.bin", "\x00\x01"}),
			found: []Unreadable{{"att[1]/a.docm", Unsupported, "cannot read macro code"}},
		},
		{
			name: "billion laughs", file: "a.docx",
			files: []file{{"[Content_Types].xml", wordTypes}, {"word/document.xml", `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]><w:document xmlns:w="w"><w:p><w:r><w:t>&lol2; text</w:t></w:r></w:p></w:document>`}},
			want:  []Segment{{Where: "att[1]/a.docx", Kind: AttachmentText, Text: "&lol2; text"}},
			found: []Unreadable{{"att[1]/a.docx", Unsupported, "XML that declares entities"}},
		},
		{
			name: "zip bomb", file: "a.docx", files: docx(para(run(strings.Repeat("0", 2<<20)))),
			found: []Unreadable{{"att[1]/a.docx", Ratio, "unpacks to more than the limit allows for its size"}},
		},
		{
			name: "no main part", file: "a.docx", files: []file{{"[Content_Types].xml", wordTypes}},
			found: []Unreadable{{"att[1]/a.docx", Corrupt, "office document without its main part"}},
		},
		{
			name: "neither main part nor list of types", file: "a.docx", files: []file{{"_rels/.rels", "<Relationships/>"}, {"word/styles.xml", "<x/>"}},
			found: []Unreadable{{"att[1]/a.docx", Corrupt, "office document without its main part"}},
		},
		{
			name: "no list of types", file: "a.docx", files: docx(para(run("8901") + run("02-2387")))[1:],
			want:  []Segment{{Where: "att[1]/a.docx", Kind: AttachmentText, Text: "890102-2387"}},
			found: []Unreadable{{"att[1]/a.docx", Corrupt, "office document without its list of types"}},
		},
		{
			name: "malformed XML keeps what came before", file: "a.docx",
			files: []file{{"[Content_Types].xml", wordTypes}, {"word/document.xml", "<w:document><w:p><w:r><w:t>före</w:t></w:r></w:p><w:p <"}},
			want:  []Segment{{Where: "att[1]/a.docx", Kind: AttachmentText, Text: "före"}},
			found: []Unreadable{{"att[1]/a.docx", Corrupt, "malformed XML"}},
		},
		{
			name: "plain zip is read", file: "a.zip", files: []file{{"journal_890102-2387.pdf", "x"}, {"mapp/b.txt", "y"}},
			want: []Segment{
				{Where: "att[1]/a.zip!journal_890102-2387.pdf", Kind: AttachmentName, Text: "journal_890102-2387.pdf"},
				{Where: "att[1]/a.zip!mapp_b.txt", Kind: AttachmentName, Text: "mapp/b.txt"},
				{Where: "att[1]/a.zip!mapp_b.txt", Kind: AttachmentText, Text: "y"},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached(tt.file, zipOf(t, tt.files...)), Limits{})
			checkContent(t, c, tt.want, tt.not, tt.found)
		})
	}
}

func wide(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteString(s[i:i+1] + "\x00")
	}
	return b.String()
}

// noise is n characters that do not compress well.
func noise(n int) string {
	b := make([]byte, n)
	x := uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = "abcdefghijklmnop"[x>>28]
	}
	return string(b)
}

// checkContent looks for each wanted segment, for none of the unwanted texts, and for
// exactly the findings.
func checkContent(t *testing.T, c *Content, want []Segment, not []string, found []Unreadable) {
	t.Helper()
	for _, s := range want {
		if !hasSegment(c, s) {
			t.Errorf("no segment %s @ %s with %q", s.Kind, s.Where, s.Text)
		}
	}
	for _, n := range not {
		for _, s := range c.Segments {
			if s.Kind != Hidden && strings.Contains(s.Text, n) {
				t.Errorf("%q stands in %s @ %s", n, s.Kind, s.Where)
			}
		}
	}
	if len(found) != len(c.Unreadable) {
		t.Errorf("got %d findings, want %d", len(c.Unreadable), len(found))
	}
	for _, u := range found {
		ok := false
		for _, g := range c.Unreadable {
			ok = ok || g == u
		}
		if !ok {
			t.Errorf("no finding %v", u)
		}
	}
	if t.Failed() {
		t.Log("\n" + dump(c))
	}
}

func hasSegment(c *Content, want Segment) bool {
	for _, s := range c.Segments {
		if s.Where == want.Where && s.Kind == want.Kind && strings.Contains(s.Text, want.Text) {
			return true
		}
	}
	return false
}

// patch changes the central entry of the last file of a small document.
func patch(t *testing.T, at int, v byte) []byte {
	t.Helper()
	b := zipOf(t, docx("<w:p><w:r><w:t>x</w:t></w:r></w:p>")...)
	b[bytes.LastIndex(b, []byte("PK\x01\x02"))+at] = v
	return b
}

func lockedPart(t *testing.T) []byte { t.Helper(); return patch(t, 8, 9) }
func oddMethod(t *testing.T) []byte  { t.Helper(); return patch(t, 10, 99) }
func badSum(t *testing.T) []byte     { t.Helper(); return patch(t, 16, 0) }

func TestOfficeDamaged(t *testing.T) {
	t.Parallel()
	whole := zipOf(t, docx("<w:p><w:r><w:t>x</w:t></w:r></w:p>")...)
	locked := bytes.Clone(zipOf(t, file{"a.txt", "x"}, file{"b.txt", "y"}))
	for _, sig := range []string{"PK\x03\x04", "PK\x01\x02"} {
		at := 6
		if sig == "PK\x01\x02" {
			at = 8
		}
		locked[bytes.Index(locked, []byte(sig))+at] |= 1
	}
	ole := append([]byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"), make([]byte, 9000)...)
	tests := []struct {
		name, file string
		data       []byte
		found      []Unreadable
	}{
		{"cut zip", "a.docx", whole[:len(whole)/2], []Unreadable{{"att[1]/a.docx", Corrupt, "damaged zip file"}}},
		{"zip with a password", "a.zip", locked, []Unreadable{{"att[1]/a.zip", Encrypted, "archive with a password"}}},
		{"damaged old document", "a.doc", ole, []Unreadable{{"att[1]/a.doc", Corrupt, "damaged OLE file"}}},
		{"text that calls itself a document", "a.docx", []byte("plain words"), []Unreadable{{"att[1]/a.docx", Ambiguous, "content does not fit the name"}}},
		{"image that calls itself a document", "a.xlsx", []byte("GIF89a\x00\x01\x00"), []Unreadable{
			{"att[1]/a.xlsx", Ambiguous, "content does not fit the name"},
			{"att[1]/a.xlsx", UnreadPicture, "picture that is not read: image/gif"}}},
		{"document that calls itself an image is read all the same", "a.png", whole, []Unreadable{{"att[1]/a.png", Ambiguous, "content does not fit the name"}}},
		{"text that calls itself an image", "a.png", []byte("plain words"), []Unreadable{{"att[1]/a.png", Ambiguous, unfit}}},
		{"text that calls itself a program", "a.exe", []byte("plain words"), []Unreadable{{"att[1]/a.exe", Ambiguous, unfit}}},
		{"program", "a.exe", []byte("MZ\x00\x01\x00"), []Unreadable{{"att[1]/a.exe", Unsupported, "cannot read application/octet-stream"}}},
		{"archive that calls itself a document", "a.docx", zipOf(t, file{"a.txt", "x"}), []Unreadable{{"att[1]/a.docx", Ambiguous, noDocument}}},
		{"document in pieces", "a.odt", zipOf(t, file{"content.xml", "<x/>"}), []Unreadable{{"att[1]/a.odt", Corrupt, withoutMain}}},
		{"document that calls itself one of another kind", "a.xlsx", whole, []Unreadable{{"att[1]/a.xlsx", Ambiguous, unfit}}},
		{"document that calls itself an archive", "a.zip", whole, nil},
		{"markup named as text", "a.txt", []byte("<html><p>x</p></html>"), nil},
		{"export named xls is read", "a.xls", []byte("<html><table><tr><td>x</td></tr></table></html>"), nil},
		{"pdf", "a.pdf", []byte("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n"), []Unreadable{{"att[1]/a.pdf", Unsupported, "cannot read application/pdf here"}}},
		{"pdf without its name", "a.txt", []byte("\x00\x01%PDF-1.7\n"), []Unreadable{
			{"att[1]/a.txt", Ambiguous, "content does not fit the name"}, {"att[1]/a.txt", Unsupported, "cannot read application/pdf here"}}},
		{"damaged winmail", "winmail.dat", []byte("\x78\x9F\x3E\x22\x00\x01\x01"), []Unreadable{{"att[1]/winmail.dat", Corrupt, "damaged winmail.dat"}}},
		{"damaged 7z", "a.7z", []byte("7z\xBC\xAF\x27\x1C\x00\x04"), []Unreadable{{"att[1]/a.7z", Corrupt, "damaged archive"}}},
		{"image", "a.png", []byte("\x89PNG\r\n\x1a\n\x00\x00"), []Unreadable{{"att[1]/a.png", UnreadPicture, "picture that is not read: image/png"}}},
		{"anything else", "a.bin", []byte("\x00\x01\x02\x03"), []Unreadable{{"att[1]/a.bin", Unsupported, "cannot read application/octet-stream"}}},
		{"text that begins like an archive", "a.txt", []byte("BZhej hopp"), nil},
		{"empty", "a.bin", nil, nil},
		{"PGP file", "a.gpg", []byte("\x85\x01\x0c\x00"), []Unreadable{{"att[1]/a.gpg", Encrypted, "PGP file"}}},
		{"part of a document with a password", "a.docx", lockedPart(t), []Unreadable{{"att[1]/a.docx", Encrypted, "file with a password"}}},
		{"unknown compression", "a.docx", oddMethod(t), []Unreadable{{"att[1]/a.docx", Unsupported, "cannot read this kind of compression"}}},
		{"damaged contents", "a.docx", badSum(t), []Unreadable{{"att[1]/a.docx", Corrupt, "malformed XML"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached(tt.file, tt.data), Limits{})
			checkContent(t, c, nil, nil, tt.found)
		})
	}
}

// TestHugeTag: what the decoder would hold in memory as one piece is bounded.
func TestHugeTag(t *testing.T) {
	t.Parallel()
	for _, tag := range []string{"<w:p " + noise(3*tokenRoom) + "/>", "<w:p><w:r><w:t>" + noise(3*tokenRoom) + "</w:t></w:r></w:p>"} {
		c := parseLimits(t, attached("a.docx", zipOf(t, docx(tag)...)), Limits{Text: 1000, Time: time.Minute})
		want := []Unreadable{{"att[1]/a.docx", TooLarge, "XML with a huge element"}}
		checkContent(t, c, nil, nil, want)
	}
}

// TestManyStrings: empty entries take little in a file, and must not take much in memory.
func TestManyStrings(t *testing.T) {
	t.Parallel()
	s := &sharedStrings{limit: 1 << 20}
	for range maxStrings + 1000 {
		s.start("si", nil)
		s.end("si")
	}
	if len(s.list) != maxStrings {
		t.Errorf("%d strings kept", len(s.list))
	}
}

// TestDeepTextBoxes: text boxes in text boxes are bounded, and their text is kept.
func TestDeepTextBoxes(t *testing.T) {
	t.Parallel()
	d := newParagraphs(1 << 20)
	for range 10 * maxLevels {
		d.start("txbxContent", nil)
	}
	d.start("t", nil)
	d.chars([]byte("890102"))
	for range 10 * maxLevels {
		d.end("txbxContent")
	}
	if text, _ := d.result(); strings.TrimSpace(text) != "890102" {
		t.Errorf("text = %q", text)
	}
}

// BenchmarkSheet is a list of 20,000 rows.
func BenchmarkSheet(b *testing.B) {
	var rows strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&rows, `<row r="%d"><c r="A%d" t="s"><v>0</v></c><c r="B%d"><v>1989%08d</v></c><c r="C%d" t="inlineStr"><is><t>Storgatan %d</t></is></c></row>`, i, i, i, i, i, i)
	}
	msg := attached("a.xlsx", zipOf(b, xlsx(rows.String())...))
	b.SetBytes(int64(rows.Len()))
	for b.Loop() {
		_ = parseLimits(b, msg, Limits{})
	}
}
