package extract

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	t.Parallel()
	b64 := base64.StdEncoding.EncodeToString
	mixed := func(parts ...string) string {
		return "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"B\"\n\n--B\n" + strings.Join(parts, "\n--B\n") + "\n--B--\n"
	}
	tests := []struct {
		name  string
		msg   string
		want  []Segment
		not   []string
		found []Unreadable
	}{
		{name: "empty", msg: ""},
		{name: "only a line end", msg: "\n"},
		{name: "no header", msg: "Hello there\nnr " + secret + "\n", want: []Segment{{Where: "body/text", Kind: Body, Text: secret}}},
		{name: "no body", msg: "Subject: x " + secret + "\n", want: []Segment{{Where: "subject", Kind: Subject, Text: secret}}},
		{name: "mbox line", msg: "From a@b.example Mon Nov 2\nSubject: s\n\nb", want: []Segment{{Where: "subject", Kind: Subject, Text: "s"}, {Where: "body/text", Kind: Body, Text: "b"}}},
		{
			name: "quoted-printable number over a soft break",
			msg:  "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nf=F6dd 890102-=  \n2387 = stray =ZZ =c3",
			want: []Segment{{Where: "body/text", Kind: Body, Text: "född 890102-2387 = stray =ZZ Ã"}},
		},
		{
			name: "base64 without padding and with odd lines",
			msg:  "Content-Transfer-Encoding: BASE64\n\n" + b64([]byte("nr " + secret + "\n"))[:5] + "\n" + strings.TrimRight(b64([]byte("nr " + secret + "\n"))[5:], "="),
			want: []Segment{{Where: "body/text", Kind: Body, Text: "nr " + secret}},
		},
		{
			name: "base64 with a footer behind the padding",
			msg:  "Content-Transfer-Encoding: base64\n\n" + b64([]byte("nr "+secret)) + "==\n____\nfooter 123\n",
			want: []Segment{{Where: "body/text", Kind: Body, Text: secret}, {Where: "body/text", Kind: Hidden, Text: "footer 123"}},
		},
		{
			name: "base64 cut off", msg: "Content-Transfer-Encoding: base64\n\n" + b64([]byte("nr " + secret + " abc"))[:21],
			want:  []Segment{{Where: "body/text", Kind: Body, Text: secret}},
			found: []Unreadable{{"body/text", Corrupt, "base64 is cut off"}},
		},
		{
			name: "unknown transfer encoding", msg: "Content-Transfer-Encoding: x-own\n\nnr " + secret,
			want:  []Segment{{Where: "body/text", Kind: Body, Text: secret}},
			found: []Unreadable{{"body/text", Ambiguous, "unknown transfer encoding"}},
		},
		{
			name: "transfer encoding with a comment", msg: "Content-Transfer-Encoding: base64 (why)\n\n" + b64([]byte(secret)),
			want:  []Segment{{Where: "body/text", Kind: Body, Text: secret}},
			found: []Unreadable{{"body/text", Ambiguous, "unknown transfer encoding"}, {"message", Ambiguous, readDifferently}},
		},
		{
			name: "UTF-8 declared as ASCII", msg: "Content-Type: text/plain; charset=us-ascii\n\nåäö é",
			want: []Segment{{Where: "body/text", Kind: Body, Text: "åäö é"}},
		},
		{
			name: "windows-1252 declared as latin-1", msg: "Content-Type: text/plain; charset=iso-8859-1\n\n\x80 \xe5",
			want: []Segment{{Where: "body/text", Kind: Body, Text: "€ å"}},
		},
		{
			name: "unknown charset", msg: "Content-Type: text/plain; charset=x-klingon\n\n\xe5 " + secret,
			want: []Segment{{Where: "body/text", Kind: Body, Text: "å " + secret}},
		},
		{name: "unknown charset, plain ASCII", msg: "Content-Type: text/plain; charset=x-klingon\n\nhej", want: []Segment{{Where: "body/text", Kind: Body, Text: "hej"}}},
		{
			name: "utf-7", msg: "Content-Type: text/plain; charset=utf-7\n\n+ADg-90102",
			found: []Unreadable{{"body/text", Ambiguous, "charset UTF-7"}, {"message", Ambiguous, readDifferently}},
		},
		{
			name: "EBCDIC gives both readings", msg: "Content-Type: text/plain; charset=ibm037\n\n\xf8\xf9\xf0\xf1\xf0\xf2 " + secret,
			want:  []Segment{{Where: "body/text", Kind: Body, Text: "890102"}, {Where: "body/text", Kind: Hidden, Text: secret}},
			found: []Unreadable{{"message", Ambiguous, readDifferently}},
		},
		{
			name: "iso-2022-jp", msg: "Content-Type: text/plain; charset=iso-2022-jp\n\n\x1b$B$3$s\x1b(B " + secret,
			want: []Segment{{Where: "body/text", Kind: Body, Text: "こん " + secret}},
		},
		{
			name: "utf-16 without a mark", msg: "Content-Type: text/plain\n\nn\x00r\x00 \x008\x009\x000\x00",
			want:  []Segment{{Where: "body/text", Kind: Body, Text: "nr 890"}},
			found: []Unreadable{{"body/text", Ambiguous, "UTF-16 without a mark"}},
		},
		{
			name: "alternative, both sides", msg: "Content-Type: multipart/alternative; boundary=B\n\n--B\n\ntext " + secret + "\n--B\nContent-Type: text/html\n\n<p>markup</p>\n--B--\n",
			want: []Segment{{Where: "body/text", Kind: Body, Text: "text " + secret}, {Where: "body/html", Kind: Body, Text: "markup"}},
		},
		{
			name: "second text body", msg: mixed("\na", "\nb"),
			want: []Segment{{Where: "body/text", Kind: Body, Text: "a"}, {Where: "body/text[2]", Kind: Body, Text: "b"}},
		},
		{
			name: "preamble and epilogue", msg: "Content-Type: multipart/mixed; boundary=B\n\nfore " + secret + "\n--B\n\na\n--B--\nafter",
			want: []Segment{{Where: "preamble", Kind: Hidden, Text: secret}, {Where: "epilogue", Kind: Hidden, Text: "after"}},
		},
		{name: "usual preamble", msg: "Content-Type: multipart/mixed; boundary=B\n\nThis is a multi-part message in MIME format.\n--B\n\na\n--B--\n", want: []Segment{{Where: "body/text", Kind: Body, Text: "a"}}},
		{
			name: "two content types", msg: "Content-Type: text/plain\nContent-Type: text/html\n\n89<b>01</b>02",
			want:  []Segment{{Where: "body/text", Kind: Body, Text: "89<b>01"}, {Where: "body/text", Kind: Hidden, Text: "890102"}},
			found: []Unreadable{{"body/text", Ambiguous, "two Content-Type fields"}},
		},
		{
			name: "two content types, markup first", msg: "Content-Type: text/html\nContent-Type: text/plain\n\n<i>x</i>",
			want:  []Segment{{Where: "body/html", Kind: Body, Text: "x"}, {Where: "body/html", Kind: Hidden, Text: "<i>x</i>"}},
			found: []Unreadable{{"body/html", Ambiguous, "two Content-Type fields"}},
		},
		{
			name: "type behind a comment", msg: "Content-Type: (x) multipart/mixed; boundary=B\n\n--B\n\n" + secret + "\n--B--\n",
			want:  []Segment{{Where: "body/text", Kind: Body, Text: secret}},
			found: []Unreadable{{"body/text", Ambiguous, "malformed Content-Type"}},
		},
		{
			name: "boundary in sections", msg: "Content-Type: multipart/mixed; boundary*0=B; boundary*1=C\n\n--BC\n\n" + secret + "\n--BC--\n",
			want:  []Segment{{Where: "body/text", Kind: Body, Text: secret}},
			found: []Unreadable{{"multipart", Ambiguous, "malformed Content-Type"}},
		},
		{
			name: "boundary like an encoded word", msg: "Content-Type: multipart/mixed; boundary=\"=?utf-8?q?a?=\"\n\n--=?utf-8?q?a?=\n\nx\n--=?utf-8?q?a?=--\n",
			want: []Segment{{Where: "body/text", Kind: Body, Text: "x"}},
		},
		{
			name: "boundary with a blank", msg: "Content-Type: multipart/mixed; boundary=B C\n\n--B C\n\nx\n--B C--\n",
			found: []Unreadable{{"multipart", Ambiguous, "malformed Content-Type"}},
		},
		{
			name: "two boundaries", msg: "Content-Type: multipart/mixed; boundary=B; boundary=C\n\n--B\n\nx\n--B--\n",
			found: []Unreadable{{"multipart", Ambiguous, "malformed Content-Type"}},
		},
		{
			name: "bare CR in the header", msg: "X: a\rContent-Type: text/html\n\nx",
			found: []Unreadable{{"header", Ambiguous, "bare CR in the header"}},
		},
		{name: "unknown charset, but UTF-8", msg: "Content-Type: text/plain; charset=utf8mb4\n\nåäö", want: []Segment{{Where: "body/text", Kind: Body, Text: "åäö"}}},
		{
			name: "no boundary", msg: "Content-Type: multipart/mixed\n\n--B\n\n" + secret + "\n--B--\n",
			want:  []Segment{{Where: "multipart", Kind: Hidden, Text: secret}},
			found: []Unreadable{{"multipart", Ambiguous, "multipart without a usable boundary"}, {"message", Ambiguous, readDifferently}},
		},
		{
			name: "boundary that never comes", msg: "Content-Type: multipart/mixed; boundary=B\n\n" + secret + "\n",
			want:  []Segment{{Where: "preamble", Kind: Hidden, Text: secret}},
			found: []Unreadable{{"multipart", Ambiguous, "multipart without parts"}},
		},
		{
			name: "line that resembles a boundary", msg: mixed("\na\n--B x\n\n" + secret),
			want:  []Segment{{Where: "body/text", Kind: Body, Text: secret}},
			found: []Unreadable{{"multipart", Ambiguous, "line that resembles a boundary"}, {"message", Ambiguous, readDifferently}},
		},
		{name: "boundary with blanks behind it", msg: "Content-Type: multipart/mixed; boundary=B\n\n--B \t\n\na\n--B-- \n", want: []Segment{{Where: "body/text", Kind: Body, Text: "a"}}},
		{
			name: "one boundary begins like another", msg: "Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: multipart/alternative; boundary=B1\n\n--B1\n\na\n--B1--\n--B\n\nc\n--B--\n",
			want: []Segment{{Where: "body/text", Kind: Body, Text: "a"}, {Where: "body/text[2]", Kind: Body, Text: "c"}},
		},
		{
			name: "inner multipart never closed", msg: "Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: multipart/alternative; boundary=C\n\n--C\n\na\n--B\n\nc\n--B--\n",
			want: []Segment{{Where: "body/text", Kind: Body, Text: "a"}, {Where: "body/text[2]", Kind: Body, Text: "c"}},
		},
		{name: "outer multipart never closed", msg: "Content-Type: multipart/mixed; boundary=B\n\n--B\n\na", want: []Segment{{Where: "body/text", Kind: Body, Text: "a"}}},
		{
			name: "base64 on a multipart", msg: "Content-Type: multipart/mixed; boundary=B\nContent-Transfer-Encoding: base64\n\n--B\n\na\n--B--\n",
			want: []Segment{{Where: "body/text", Kind: Body, Text: "a"}},
		},
		{
			name: "line that is no field", msg: "Subject: s\nthis is no field " + secret + "\nTo: x@y.example\n\nb",
			want: []Segment{{Where: "header", Kind: Hidden, Text: secret}, {Where: "body/text", Kind: Body, Text: "b"}},
		},
		{
			name: "name of a content field folded", msg: "Subject: s\nContent-Transfer-\n Encoding: base64\n\nb",
			found: []Unreadable{{"header", Ambiguous, "line in the header that is no field"}},
		},
		{
			name: "name of the first field folded", msg: "Content-Transfer-\n Encoding: base64\n\n" + b64([]byte(secret)),
			found: []Unreadable{{"body/text", Ambiguous, "header fields where the body begins"}},
		},
		{
			name: "blank line before the header", msg: "\nSubject: s\nContent-Transfer-Encoding: base64\n\n" + b64([]byte(secret)),
			found: []Unreadable{{"body/text", Ambiguous, "header fields where the body begins"}},
		},
		{
			name: "blank line before the header of a part", msg: mixed("\n\ncontent-type: text/html\n\nb"),
			found: []Unreadable{{"body/text", Ambiguous, "header fields where the body begins"}},
		},
		{name: "body that speaks of a field", msg: "\nTime: ten\n\nContent-Type: text/html is wrong\n", want: []Segment{{Where: "body/text", Kind: Body, Text: "Time: ten"}}},
		{name: "fields in a declared text", msg: "Content-Type: text/plain\n\nContent-Type: text/html\n", want: []Segment{{Where: "body/text", Kind: Body, Text: "text/html"}}},
		{
			name: "blank line with spaces hides a content field", msg: "Subject: s\n \nContent-Type: text/html\n\nb",
			found: []Unreadable{{"header", Ambiguous, "blank line inside the header"}},
		},
		{
			name: "header runs into a boundary", msg: mixed("X: "+secret, "\nb"),
			want: []Segment{{Where: "header", Kind: Hidden, Text: secret}},
		},
		{
			name: "attachment names", msg: mixed("\na",
				"Content-Type: text/plain; name=\"=?iso-8859-1?q?l=F6n_890102-2387=2Etxt?=\"\nContent-Disposition: attachment;\n filename*0*=utf-8''l%C3%B6n%20890102;\n filename*1=\"-2387.txt\"\n\nx"),
			want: []Segment{{Where: "att[1]/lön 890102-2387.txt", Kind: AttachmentName, Text: "lön 890102-2387.txt"}, {Where: "att[1]/lön 890102-2387.txt", Kind: AttachmentText, Text: "x"}},
		},
		{
			name: "two names", msg: mixed("\na", "Content-Type: text/plain; name=b c;d.txt\nContent-Disposition: attachment; filename=a.txt\n\nx"),
			want: []Segment{{Where: "att[1]/a.txt", Kind: AttachmentName, Text: "a.txt"}, {Where: "att[1]/a.txt", Kind: AttachmentName, Text: "b c"}},
		},
		{
			name: "csv", msg: mixed("\na", "Content-Type: text/csv; name=l.csv\nContent-Disposition: attachment\n\nnamn;\"per\"\"son\";x\nA;\"8901\n02\";y"),
			want: []Segment{{Where: "att[1]/l.csv", Kind: AttachmentText, Text: "namn\tper\"son\tx\r\nA\t8901  02\ty"}},
		},
		{
			name: "utf-16 attachment with a mark", msg: mixed("\na", "Content-Type: text/plain; name=l.txt\nContent-Transfer-Encoding: base64\n\n"+b64([]byte("\xff\xfeh\x00e\x00j\x00"))),
			want: []Segment{{Where: "att[1]/l.txt", Kind: AttachmentText, Text: "hej"}},
		},
		{
			name: "calendar", msg: mixed("\na", "Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nDESCRIPTION:nr 8901\n 02-2387\\, x\nEND:VCALENDAR"),
			want: []Segment{{Where: "att[1]", Kind: AttachmentText, Text: "nr 890102-2387, x"}},
		},
		{
			name: "json", msg: mixed("\na", "Content-Type: application/json; name=a.json\n\n{\"a\":\"\\u0038\\u0039\"}"),
			want: []Segment{{Where: "att[1]/a.json", Kind: AttachmentText, Text: `\u0038`}, {Where: "att[1]/a.json", Kind: Hidden, Text: "89"}},
		},
		{
			name: "xml", msg: mixed("\na", "Content-Type: text/xml; name=a.xml\n\n<?xml version=\"1.0\"?><a x=\"att 1\"><b>89&#48;1</b><c><![CDATA[02]]></c></a>"),
			want: []Segment{{Where: "att[1]/a.xml", Kind: AttachmentText, Text: "8901\n02"}, {Where: "att[1]/a.xml", Kind: Hidden, Text: "att 1"}},
		},
		{
			name: "html attachment", msg: mixed("\na", "Content-Type: application/octet-stream; name=a.bin\n\n<!DOCTYPE html><p>89<b>01</b></p>"),
			want: []Segment{{Where: "att[1]/a.bin", Kind: AttachmentText, Text: "8901"}},
		},
		{
			name: "nested message", msg: mixed("\na", "Content-Type: message/rfc822\nContent-Disposition: attachment; filename=x.eml\n\nSubject: inner "+secret+"\nContent-Type: multipart/mixed; boundary=C\n\n--C\n\ninner text\n--C\nContent-Type: text/plain; name=y.txt\n\ninner file\n--C--\n", "\nlast"),
			want: []Segment{
				{Where: "att[1]/x.eml!subject", Kind: AttachmentText, Text: secret},
				{Where: "att[1]/x.eml!body/text", Kind: AttachmentText, Text: "inner text"},
				{Where: "att[1]/x.eml!att[1]/y.txt", Kind: AttachmentText, Text: "inner file"},
				{Where: "body/text[2]", Kind: Body, Text: "last"},
			},
		},
		{
			name: "nested message in base64", msg: mixed("\na", "Content-Type: message/rfc822; name=x.eml\nContent-Transfer-Encoding: base64\n\n"+b64([]byte("Subject: inner\r\n\r\n"+secret))),
			want: []Segment{{Where: "att[1]/x.eml!subject", Kind: AttachmentText, Text: "inner"}, {Where: "att[1]/x.eml!body/text", Kind: AttachmentText, Text: secret}},
		},
		{
			name: "digest", msg: "Content-Type: multipart/digest; boundary=B\n\n--B\n\nSubject: one\n\n" + secret + "\n--B--\n",
			want: []Segment{{Where: "att[1]!subject", Kind: AttachmentText, Text: "one"}, {Where: "att[1]!body/text", Kind: AttachmentText, Text: secret}},
		},
		{
			name: "signed is read", msg: "Content-Type: multipart/signed; boundary=B; protocol=\"application/pkcs7-signature\"\n\n--B\n\n" + secret + "\n--B\nContent-Type: application/pkcs7-signature; name=smime.p7s\nContent-Transfer-Encoding: base64\n\n" + b64([]byte("\x30\x80"+oidSigned+"\xa0\x80rest of it")) + "\n--B--\n",
			want: []Segment{{Where: "body/text", Kind: Body, Text: secret}},
		},
		{
			name: "S/MIME enveloped", msg: "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n" + b64([]byte("\x30\x82\x01\x00"+oidEnveloped+"\xa0\x80rest")),
			found: []Unreadable{{"att[1]/smime.p7m", AlreadyProtected, "S/MIME enveloped"}},
		},
		{
			name: "S/MIME signed, opaque", msg: "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\nContent-Transfer-Encoding: base64\n\n" + b64([]byte("\x30\x82\x01\x00"+oidSigned+"\xa0\x80rest")),
			found: []Unreadable{{"att[1]/smime.p7m", Unsupported, "cannot read application/pkcs7-mime; signed-data"}},
		},
		{
			name: "text that calls itself enveloped", msg: "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n\nnr " + secret,
			want: []Segment{{Where: "att[1]/smime.p7m", Kind: AttachmentText, Text: secret}},
		},
		{
			name: "PGP/MIME", msg: "Content-Type: multipart/encrypted; boundary=B\n\n--B\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--B\nContent-Type: application/octet-stream\n\n" + armour(pgpPacket(pgpPublicKeyESK, octets(60)), pgpPacket(pgpProtected, octets(80))) + "--B--\n",
			found: []Unreadable{{"att[2]", AlreadyProtected, "PGP message"}},
		},
		{
			name: "multipart/encrypted that is not", msg: "Content-Type: multipart/encrypted; boundary=B\n\n--B\n\nnr " + secret + "\n--B--\n",
			want:  []Segment{{Where: "body/text", Kind: Body, Text: secret}},
			found: []Unreadable{{"multipart", Ambiguous, "multipart/encrypted without encrypted content"}},
		},
		{
			name: "uuencoded file in the text", msg: "\nhej\nbegin 644 a.txt\n#0V%T\n`\nend\n",
			want: []Segment{{Where: "body/text!a.txt", Kind: AttachmentText, Text: "Cat"}},
		},
		{
			name: "text declared as PDF", msg: mixed("\na", "Content-Type: application/pdf; name=a.txt\n\nnr "+secret),
			want:  []Segment{{Where: "att[1]/a.txt", Kind: AttachmentText, Text: secret}},
			found: []Unreadable{{"att[1]/a.txt", Ambiguous, "content does not fit the declared type"}},
		},
		{
			name: "table declared as a spreadsheet", msg: mixed("\na", "Content-Type: application/vnd.ms-excel; name=a.csv\n\nnr,"+secret),
			want: []Segment{{Where: "att[1]/a.csv", Kind: AttachmentText, Text: secret}},
		},
		{
			name: "uuencoded file in HTML", msg: "Content-Type: text/html\n\n<pre>begin 644 a.txt\n#0V%T\n`\nend\n</pre>",
			want: []Segment{{Where: "body/html!a.txt", Kind: AttachmentText, Text: "Cat"}},
		},
		{
			name: "CR alone at a soft line break", msg: "Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\nnr " + secret[:6] + "=\r" + secret[6:],
			want:  []Segment{{Where: "body/text", Kind: Body, Text: secret}},
			found: []Unreadable{{"body/text", Ambiguous, "bare CR in quoted-printable"}},
		},
		{
			name: "quoted-printable over parts with none", msg: "Content-Type: multipart/mixed; boundary=B\nContent-Transfer-Encoding: quoted-printable\n\n--B\n\nnr =3" + secret[:1] + secret[1:] + "\n--B--\n",
			want:  []Segment{{Where: "body/text", Kind: Hidden, Text: "nr "}},
			found: []Unreadable{{"body/text", Ambiguous, "multipart with a transfer encoding"}},
		},
		{
			name: "quoted-printable over parts that have it too", msg: "Content-Type: multipart/mixed; boundary=B\nContent-Transfer-Encoding: quoted-printable\n\n--B\nContent-Transfer-Encoding: quoted-printable\n\nnr =3D31" + secret + "\n--B--\n",
			want: []Segment{{Where: "body/text", Kind: Body, Text: "nr =31" + secret}},
		},
		{
			name: "binary in a text body", msg: "Content-Type: text/plain\n\nGIF89a\x00\x01\x00\x02 " + secret,
			want:  []Segment{{Where: "body/text", Kind: Body, Text: secret}},
			found: []Unreadable{{"body/text", Ambiguous, "binary data in text"}},
		},
		{
			name: "charset of the markup itself", msg: "Content-Type: text/html\n\n<html><head><meta http-equiv=Content-Type content=\"text/html; charset=iso-8859-2\"></head><p>\xb1",
			want: []Segment{{Where: "body/html", Kind: Body, Text: "ą"}},
		},
		{
			name: "bitmap", msg: mixed("\na", "Content-Type: image/bmp; name=a.bmp\nContent-Transfer-Encoding: base64\n\n"+b64([]byte("BM\x00\x01\x00\x02"))),
			found: []Unreadable{{"att[1]/a.bmp", UnreadPicture, "picture that is not read: image/bmp"}},
		},
		{
			name: "archive behind an image", msg: mixed("\na", "Content-Type: image/png; name=a.png\nContent-Transfer-Encoding: base64\n\n"+b64([]byte("\x89PNG\r\n\x1a\n\x00\x00"+string(zipOf(t, file{"a.txt", secret}))))),
			found: []Unreadable{{"att[1]/a.png", UnreadPicture, "picture that is not read: image/png"}, {"att[1]/a.png", Ambiguous, "archive behind image/png"}},
		},
		{
			name: "not a bitmap", msg: mixed("\na", "Content-Type: image/bmp; name=a.bmp\nContent-Transfer-Encoding: base64\n\n"+b64([]byte("\x00\x01\x00\x02"))),
			found: []Unreadable{{"att[1]/a.bmp", Unsupported, "cannot read application/octet-stream, declared as something else"}},
		},
		{
			name: "a message in pieces", msg: mixed("\na", "Content-Type: message/partial; number=1; total=2; id=x\n\nnr "+secret),
			want:  []Segment{{Where: "att[1]", Kind: AttachmentText, Text: secret}},
			found: []Unreadable{{"att[1]", Ambiguous, "message sent in pieces"}},
		},
		{
			name: "a line of 100 KB", msg: "Subject: s\n\n" + strings.Repeat("x", 100<<10) + " " + secret,
			want: []Segment{{Where: "body/text", Kind: Body, Text: "x " + secret}},
		},
		{
			name: "quoted text", msg: "\nnew\n> old\n> older\nnew\n",
			want: []Segment{{Where: "body/text", Kind: Body, Text: "> old"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkContent(t, parseString(t, tt.msg), tt.want, tt.not, tt.found)
			// The same with LF alone, and read byte by byte, must find the same places.
			c, err := Parse(context.Background(), iotest.OneByteReader(strings.NewReader(tt.msg)), Limits{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.found, c.Unreadable); diff != "" && len(tt.found)+len(c.Unreadable) > 0 {
				t.Errorf("with LF: findings differ (-want +got):\n%s", diff)
			}
		})
	}
}

func TestQuotedSpans(t *testing.T) {
	t.Parallel()
	c := parseString(t, "\nnew\n> old\n> older\nnew\n")
	s := c.Segments[0]
	if len(s.Quoted) != 1 || s.Text[s.Quoted[0].Start:s.Quoted[0].End] != "> old\r\n> older\r\n" {
		t.Errorf("quoted = %v in %q", s.Quoted, s.Text)
	}
}

func TestHeader(t *testing.T) {
	t.Parallel()
	c := parseString(t, "From: =?utf-8?q?Anna_=C3=85?= <anna@a.example>\nTo: \"Berg, Bo\" <bo@b.example>, plain@c.example (comment),\n Group: x@d.example, y@d.example;\n"+
		"Cc: <cc@e.example>\nBcc: hidden@f.example\nSubject: =?utf-8?q?del_ett_=C3?=\n =?utf-8?q?=A5_slut?= efter\nMessage-ID: <id1@a.example>\nIn-Reply-To: <r1@a.example>\n"+
		"References: <r0@a.example>\n <r1@a.example>\nDate: Mon, 2 Nov 2026 10:11:12 +0100\nAuto-Submitted: Auto-Replied; x=y\nSender: s@a.example\nReply-To: rt@a.example\n\n")
	h := c.Header
	want := Header{
		Fields: h.Fields, Subject: "del ett å slut efter",
		From:    []Mailbox{{"Anna Å", "anna@a.example"}},
		Sender:  []Mailbox{{"", "s@a.example"}},
		To:      []Mailbox{{"Berg, Bo", "bo@b.example"}, {"", "plain@c.example"}, {"", "x@d.example"}, {"", "y@d.example"}},
		Cc:      []Mailbox{{"", "cc@e.example"}},
		ReplyTo: []Mailbox{{"", "rt@a.example"}}, MessageID: "id1@a.example", InReplyTo: "r1@a.example",
		References: []string{"r0@a.example", "r1@a.example"}, AutoSubmitted: "auto-replied", HasBcc: true,
		Date: time.Date(2026, 11, 2, 10, 11, 12, 0, time.FixedZone("", 3600)),
	}
	if diff := cmp.Diff(want, h); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	if h.Get("bcc") != "" || len(h.Fields) != 11 {
		t.Errorf("fields = %v", h.Fields)
	}
}

func TestDecodeWords(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"plain", "plain"},
		{"=?utf-8?B?w6U=?=", "å"},
		{"=?utf-8?b?w6U?=", "å"},
		{"=?UTF-8?Q?a?= =?UTF-8?Q?b?=", "ab"},
		{"=?UTF-8?Q?a?= x =?iso-8859-1?Q?=E5?=", "a x å"},
		{"=?UTF-8?Q?a b?=", "a b"},
		{"=?utf-8*sv?q?=C3=A5?=", "å"},
		{"=?broken", "=?broken"},
		{"a =?x?y?z?= b", "a =?x?y?z?= b"},
		{"\xe5", "å"},
		{"=?iso-2022-jp?B?GyRCJDMkcxsoQg==?=", "こん"},
	}
	for _, tt := range tests {
		if got := decodeWords(tt.in); got != tt.want {
			t.Errorf("decodeWords(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func TestParseMedia(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in, typ, name, want string
		odd                 bool
	}{
		{`Text/Plain; Charset="utf-8"`, "text/plain", "charset", "utf-8", false},
		{`text/plain; charset=us-ascii (plain)`, "text/plain", "charset", "us-ascii", false},
		{`attachment; filename=a b c.pdf`, "attachment", "filename", "a b c.pdf", false},
		{`attachment; filename="a;\"b\".pdf"`, "attachment", "filename", `a;"b".pdf`, false},
		{`attachment; filename="C:\tmp\x.pdf"`, "attachment", "filename", `C:\tmp\x.pdf`, false},
		{`a/b; n*1=two; n*0=one`, "a/b", "n", "onetwo", false},
		{`a/b; n*=iso-8859-1'sv'%E5`, "a/b", "n", "å", false},
		{`a/b; x=1; x=2`, "a/b", "x", "1", true},
		{`a/b junk; x=1`, "a/b", "x", "1", true},
		{`a/b; boundary="open`, "a/b", "boundary", "open", false},
		{`a/b; ;;`, "a/b", "x", "", false},
	}
	for _, tt := range tests {
		m := parseMedia(tt.in)
		if m.Type != tt.typ || m.get(tt.name) != tt.want || m.Odd != tt.odd {
			t.Errorf("parseMedia(%q) = %+v", tt.in, m)
		}
	}
}

// TestLimits shows what becomes of messages that are built to exhaust.
func TestLimits(t *testing.T) {
	t.Parallel()
	nested := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%dx\r\n\r\n--b%dx\r\n", i, i)
		}
		return b.String() + "\r\ninnermost 890102-2387"
	}
	tests := []struct {
		name string
		msg  string
		lim  Limits
		find []Unreadable
		text string
	}{
		{"10,000 nested multiparts", nested(10000), Limits{}, []Unreadable{{"multipart", TooDeep, "multiparts nested deeper than the limit"}, {"message", Ambiguous, notUnderstood}}, "890102-2387"},
		{"nested messages", strings.Repeat("Content-Type: message/rfc822\r\n\r\n", 500) + "x 890102-2387", Limits{}, []Unreadable{{"att[1]!att[1]!att[1]!att[1]!att[1]!att[1]", TooDeep, "messages nested deeper than the limit"}}, "890102-2387"},
		{"100,000 parts", "Content-Type: multipart/mixed; boundary=B\r\n\r\n" + strings.Repeat("--B\r\n\r\na\r\n", 100000) + "--B\r\n\r\n890102-2387", Limits{}, []Unreadable{{"multipart", TooMany, "more parts than the limit"}, {"message", Ambiguous, notUnderstood}}, "890102-2387"},
		{"text", "\r\n" + strings.Repeat("0123456789", 1000), Limits{Text: 5000}, []Unreadable{{"body/text", TooLarge, "more text than the limit"}}, "0123"},
		{"header", "Subject: " + strings.Repeat("x", 5000) + "\r\nTo: y@z.example\r\n\r\nb", Limits{HeaderBytes: 1000}, []Unreadable{{"header", TooLarge, "header beyond the limit"}}, "b"},
		{"field", "Subject: " + strings.Repeat("x", 5000) + "\r\nTo: y@z.example\r\n\r\nb", Limits{LineBytes: 1000}, []Unreadable{{"header", TooLarge, "header beyond the limit"}}, "b"},
		{"fields", strings.Repeat("a:\r\n", 20000) + "\r\nb", Limits{}, []Unreadable{{"header", TooMany, "header beyond the limit"}}, "b"},
		{"attachment", attached("a.docx", []byte("PK\x03\x04\x00\x00"+strings.Repeat("x", 9000))), Limits{Spool: 5000}, []Unreadable{{"att[1]/a.docx", TooLarge, "attachment larger than the limit"}}, "see file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, tt.msg, tt.lim)
			if diff := cmp.Diff(tt.find, c.Unreadable); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			found := false
			for _, s := range c.Segments {
				found = found || strings.Contains(s.Text, tt.text)
			}
			if !found {
				t.Errorf("text was lost:\n%.2000s", dump(c))
			}
		})
	}
}

func TestFilesLimit(t *testing.T) {
	t.Parallel()
	var files []file
	for i := range 50 {
		files = append(files, file{fmt.Sprintf("f%d.txt", i), "x"})
	}
	c := parseLimits(t, attached("a.zip", zipOf(t, files...)), Limits{Files: 20})
	want := Unreadable{"att[1]/a.zip", TooMany, "more files than the limit"}
	if c.Unreadable[0] != want {
		t.Errorf("findings = %v", c.Unreadable)
	}
}

func TestTimeLimit(t *testing.T) {
	t.Parallel()
	endless := io.MultiReader(strings.NewReader("Subject: s\r\n\r\n"), &repeater{line: []byte("line after line\r\n")})
	c, err := Parse(context.Background(), endless, Limits{Time: 20 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Unreadable{{"body/text", TooLarge, "more text than the limit"}, {"message", Timeout, "time limit"}}, c.Unreadable); diff != "" && c.Unreadable[len(c.Unreadable)-1].Reason != Timeout {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

// repeater never ends.
type repeater struct{ line []byte }

func (r *repeater) Read(p []byte) (int, error) { return copy(p, r.line), nil }

func TestParseErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk gone")
	if _, err := Parse(context.Background(), io.MultiReader(strings.NewReader("Subject: s\r\n\r\nabc"), iotest.ErrReader(broken)), Limits{}); !errors.Is(err, broken) {
		t.Errorf("err = %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Parse(ctx, strings.NewReader("\r\nx"), Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}

func TestParsePlain(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		msg  string
		want bool
	}{
		{"text", "Subject: s\r\n\r\nhej", false},
		{"csv", attached("a.csv", []byte("a;b")), false},
		{"image", attached("a.png", []byte("\x89PNG\r\n\x1a\n\x00\x00")), false},
		{"document", attached("a.docx", zipOf(t, docx("")...)), true},
		{"large saved message", attached("a.eml", []byte("Subject: x\r\n\r\n"+strings.Repeat("line\r\n", 1<<20))), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, needs, err := ParsePlain(context.Background(), strings.NewReader(tt.msg), Limits{})
			if err != nil || needs != tt.want {
				t.Errorf("needsChild = %v, %v; want %v", needs, err, tt.want)
			}
		})
	}
}

func TestAttachments(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("\x89PNG\r\n\x1a\n\x00\x00"), 5000)
	c := parseLimits(t, attached("a.PNG", data), Limits{})
	want := []Attachment{{Where: "att[1]/a.PNG", Name: "a.PNG", DeclaredType: "application/octet-stream", DetectedType: "image/png", Ext: "png", Size: int64(len(data))}}
	if diff := cmp.Diff(want, c.Attachments); diff != "" {
		t.Errorf("attachments (-want +got):\n%s", diff)
	}
}

// TestMemory: a large attachment that is not opened passes through without being held, and
// of the message no more than a second reading would take.
func TestMemory(t *testing.T) {
	line := strings.Repeat("iVBORw0KGgo", 6) + "AAAAAAAA\r\n"
	head := "Content-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgoAAAAA\r\n"
	const size = 64 << 20
	for most, plain := range map[uint64]bool{8 << 20: true, maxSecond + 8<<20: false} {
		msg := io.MultiReader(strings.NewReader(head), io.LimitReader(&repeater{line: []byte(line)}, size))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		c, _, err := parse(context.Background(), msg, Limits{Time: time.Minute}, &walker{plain: plain})
		runtime.ReadMemStats(&after)
		if err != nil || len(c.Attachments) != 1 || c.Attachments[0].DetectedType != "image/png" {
			t.Fatalf("%v, %+v", err, c)
		}
		if got := after.TotalAlloc - before.TotalAlloc; got > most {
			t.Errorf("%d bytes allocated for a message of %d, plain %v", got, size, plain)
		}
	}
}
