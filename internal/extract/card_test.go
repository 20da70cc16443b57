package extract

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUnfoldCalendar(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, text, want string }{
		{"folded and escaped", "NOTE:nr 8901\r\n 02-2387\\, x\\ny\r\n", "NOTE:nr 890102-2387, x\ny\r\n"},
		{"quoted-printable over two lines", "NOTE;CHARSET=Windows-1252;ENCODING=QUOTED-PRINTABLE:Pnr 19380=\r\n501-9910\r\nEND:VCARD\r\n",
			"NOTE;CHARSET=Windows-1252;ENCODING=QUOTED-PRINTABLE:Pnr 19380501-9910\r\nEND:VCARD\r\n"},
		{"three lines, blanks behind the breaks", "note;encoding=quoted-printable:a= \nb=\t\nc\nTEL:1\n", "note;encoding=quoted-printable:abc\nTEL:1\n"},
		{"without the name of the parameter", "NOTE;QUOTED-PRINTABLE:a=3Db\n", "NOTE;QUOTED-PRINTABLE:a=b\n"},
		{"charset", "FN;CHARSET=windows-1252;ENCODING=QUOTED-PRINTABLE:=C5sa =96\n", "FN;CHARSET=windows-1252;ENCODING=QUOTED-PRINTABLE:Åsa –\n"},
		{"UTF-8", "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=\n=85sa\n", "FN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Åsa\n"},
		{"line ends inside", "NOTE;ENCODING=QUOTED-PRINTABLE:a=0D=0Ab\n", "NOTE;ENCODING=QUOTED-PRINTABLE:a\r\nb\n"},
		{"ends in a soft break", "NOTE;ENCODING=QUOTED-PRINTABLE:a=", "NOTE;ENCODING=QUOTED-PRINTABLE:a"},
		{"a property that does not say so", "NOTE:19380=\n501=3D\n", "NOTE:19380=\n501=3D\n"},
		{"said in the value", "NOTE:ENCODING=QUOTED-PRINTABLE:a=3D\n", "NOTE:ENCODING=QUOTED-PRINTABLE:a=3D\n"},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, unfoldCalendar(tt.text)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestCardValues: values in base64 are files, and values that are HTML are read as such.
func TestCardValues(t *testing.T) {
	t.Parallel()
	const note, number = "cGVyc29ubnVtbWVyIDg5MDEwMi0yMzg3", "personnummer 890102-2387"
	word := lines76(zipOf(t, docx("<w:p><w:r><w:t>"+number+"</w:t></w:r></w:p>")...))
	folded := strings.ReplaceAll(word, "\r\n", "\r\n ")
	picture := base64.StdEncoding.EncodeToString([]byte("\x89PNG\r\n\x1a\n\x00\x00"))
	key := base64.StdEncoding.EncodeToString([]byte("\x30\x82\x01\x0a\x02\x82\x01\x01\x00\x00"))
	tests := []struct {
		name, file, text string
		want             []Segment
		not              []string
	}{
		{"document in a calendar", "a.ics", "BEGIN:VCALENDAR\r\nATTACH;FILENAME=lista.docx;FMTTYPE=application/vnd.openxmlformats-officedo\r\n cument;ENCODING=BASE64;VALUE=BINARY:" + folded + "\r\nSUMMARY:Möte\r\n",
			[]Segment{{Where: "att[1]/a.ics!lista.docx", Kind: AttachmentText, Text: number}, {Where: "att[1]/a.ics", Kind: AttachmentText, Text: "SUMMARY:Möte"},
				{Where: "att[1]/a.ics!lista.docx", Kind: AttachmentName, Text: "lista.docx"}}, nil},
		{"quoted file name", "a.ics", "BEGIN:VCALENDAR\r\nATTACH;X-FILENAME=\"a:b;c.docx\";ENCODING=BASE64:" + folded + "\r\n",
			[]Segment{{Where: "att[1]/a.ics!a:b;c.docx", Kind: AttachmentText, Text: number}}, nil},
		{"text without a name", "a.ics", "BEGIN:VCALENDAR\r\nATTACH;ENCODING=BASE64;VALUE=BINARY:" + note + "\r\n",
			[]Segment{{Where: "att[1]/a.ics!attach1", Kind: AttachmentText, Text: number}}, []string{note}},
		{"vCard 3.0", "a.vcf", "BEGIN:VCARD\r\nitem1.NOTE;ENCODING=b:" + note[:20] + "\r\n " + note[20:] + "\r\nFN:x\r\n",
			[]Segment{{Where: "att[1]/a.vcf!note1", Kind: AttachmentText, Text: number}, {Where: "att[1]/a.vcf", Kind: AttachmentText, Text: "FN:x"}}, nil},
		{"vCard 2.1, folded", "a.vcf", "BEGIN:VCARD\nNOTE;BASE64;CHARSET=UTF-8:\n " + note + "\n\nFN:x\n",
			[]Segment{{Where: "att[1]/a.vcf!note1", Kind: AttachmentText, Text: number}, {Where: "att[1]/a.vcf", Kind: AttachmentText, Text: "FN:x"}}, nil},
		{"vCard 2.1, not folded", "a.vcf", "BEGIN:VCARD\r\nNOTE;ENCODING=BASE64:\r\n" + note[:20] + "\r\n" + note[20:] + "\r\n\r\nFN:x\r\n",
			[]Segment{{Where: "att[1]/a.vcf!note1", Kind: AttachmentText, Text: number}, {Where: "att[1]/a.vcf", Kind: AttachmentText, Text: "FN:x"}}, nil},
		{"vCard 4.0", "a.vcf", "BEGIN:VCARD\r\nNOTE:data:text/plain;base64\\," + note + "\r\n",
			[]Segment{{Where: "att[1]/a.vcf!note1", Kind: AttachmentText, Text: number}}, nil},
		{"what is no base64 stays", "a.vcf", "BEGIN:VCARD\r\nNOTE;ENCODING=b:pnr 890102-2387\r\n",
			[]Segment{{Where: "att[1]/a.vcf", Kind: AttachmentText, Text: "pnr 890102-2387"}}, nil},
		{"a portrait and a key say nothing", "a.vcf", "BEGIN:VCARD\r\nPHOTO;ENCODING=b;TYPE=PNG:" + picture + "\r\nKEY;ENCODING=b:" + key + "\r\nFN:x\r\n",
			[]Segment{{Where: "att[1]/a.vcf", Kind: AttachmentText, Text: "FN:x"}}, []string{picture}},
		{"HTML", "a.ics", "BEGIN:VCALENDAR\r\nX-ALT-DESC;FMTTYPE=text/html:<html><body>nr 8901<b>02-\r\n 2387</b>\\, x</body></html>\r\n",
			[]Segment{{Where: "att[1]/a.ics", Kind: AttachmentText, Text: "nr 890102-2387, x"}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkContent(t, parseLimits(t, attached(tt.file, []byte(tt.text)), Limits{}), tt.want, tt.not, nil)
		})
	}
}
