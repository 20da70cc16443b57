package extract

import (
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
