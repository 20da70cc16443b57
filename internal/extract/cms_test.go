package extract

import (
	"bytes"
	"compress/zlib"
	"encoding/pem"
	"strings"
	"testing"
)

// element is one of ASN.1 in DER.
func element(tag byte, parts ...string) string {
	s := strings.Join(parts, "")
	switch n := len(s); {
	case n < 0x80:
		return string([]byte{tag, byte(n)}) + s
	case n < 0x100:
		return string([]byte{tag, 0x81, byte(n)}) + s
	default:
		return string([]byte{tag, 0x83, byte(n >> 16), byte(n >> 8), byte(n)}) + s
	}
}

// endless is an element of ASN.1 in BER that goes on to a mark.
func endless(tag byte, parts ...string) string {
	return string([]byte{tag, 0x80}) + strings.Join(parts, "") + "\x00\x00"
}

const (
	asnVersion = "\x02\x01\x01"
	asnSHA256  = "\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"
)

func signedDER(content string) string {
	return element(0x30, oidSigned, element(0xA0, element(0x30, asnVersion, element(0x31, asnSHA256),
		element(0x30, element(0x06, oidData), element(0xA0, element(0x04, content))), element(0x31))))
}

func signedBER(content ...string) string {
	var parts strings.Builder
	for _, c := range content {
		parts.WriteString(element(0x04, c))
	}
	return endless(0x30, oidSigned, endless(0xA0, endless(0x30, asnVersion, endless(0x31, asnSHA256),
		endless(0x30, element(0x06, oidData), endless(0xA0, endless(0x24, parts.String()))), element(0x31))))
}

func compressedDER(t *testing.T, content string) string {
	t.Helper()
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return element(0x30, oidCompressed, element(0xA0, element(0x30, "\x02\x01\x00", element(0x30, "\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x03\x08"),
		element(0x30, element(0x06, oidData), element(0xA0, element(0x04, b.String()))))))
}

func TestCMS(t *testing.T) {
	t.Parallel()
	const (
		head   = "Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n"
		entity = "Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>8901=\r\n<b>02</b>-2387</p>\r\n"
	)
	b64 := func(s string) string { return lines76([]byte(s)) }
	coded := func(s string) string { return head + "Content-Transfer-Encoding: base64\n\n" + b64(s) }
	armoured := string(pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: []byte(signedDER("nr " + secret))}))
	html := []Segment{{Where: "att[1]/smime.p7m!body/html", Kind: AttachmentText, Text: secret}}
	file := func(s string) string {
		return "Content-Type: application/octet-stream; name=avtal.txt.p7m\nContent-Disposition: attachment\n\n" + s
	}
	inFile := []Segment{{Where: "att[1]/avtal.txt.p7m!avtal.txt", Kind: AttachmentText, Text: "nr " + secret}}
	tests := []struct {
		name  string
		msg   string
		want  []Segment
		found []Unreadable
	}{
		{"DER", coded(signedDER(entity)), html, nil},
		{"BER", coded(signedBER(entity[:40], entity[40:])), html, nil},
		{"compressed", coded(compressedDER(t, entity)), html, nil},
		{"signed around compressed", coded(signedDER(strings.ReplaceAll(coded(compressedDER(t, entity)), "\n", "\r\n"))), []Segment{{Where: "att[1]/smime.p7m!att[1]/smime.p7m!body/html", Kind: AttachmentText, Text: secret}}, nil},
		{"PEM as the body", head + "\n" + armoured, []Segment{{Where: "att[1]/smime.p7m!body/text", Kind: AttachmentText, Text: secret}}, nil},
		{"PEM in a file", file(armoured), inFile, nil},
		{"PEM behind words", file("Meddelande\n" + armoured), inFile, nil},
		{"bare base64 in a file", file(b64(signedDER("nr " + secret))), inFile, nil},
		{"words beside PEM", file(armoured + "nr 19121212-1212"), []Segment{{Where: "att[1]/avtal.txt.p7m", Kind: Hidden, Text: "19121212-1212"}}, nil},
		{"DER in a file", strings.Replace(file(b64(signedDER("nr "+secret))), "\n\n", "\nContent-Transfer-Encoding: base64\n\n", 1), inFile, nil},
		{"fields in a text file", file(b64(signedDER(entity))), []Segment{{Where: "att[1]/avtal.txt.p7m!body/html", Kind: AttachmentText, Text: secret}}, nil},
		{"no MIME in it", coded(signedDER("nr " + secret)), []Segment{{Where: "att[1]/smime.p7m!body/text", Kind: AttachmentText, Text: secret}}, nil},
		{"only certificates", coded(element(0x30, oidSigned, element(0xA0, element(0x30, asnVersion, element(0x31), element(0x30, element(0x06, oidData)), element(0xA0, strings.Repeat("c", 900)))))), nil, nil},
		{"encrypted, in base64", file(b64(element(0x30, oidEnveloped, element(0xA0, strings.Repeat("x", 80))))), nil, []Unreadable{{"att[1]/avtal.txt.p7m", AlreadyProtected, "S/MIME enveloped"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkContent(t, parseString(t, strings.ReplaceAll(tt.msg, "\r\n", "\n")), tt.want, nil, tt.found)
		})
	}
}

func FuzzCMS(f *testing.F) {
	f.Add([]byte(signedDER("a")))
	f.Add([]byte(signedBER("a", "b")))
	f.Fuzz(func(t *testing.T, b []byte) {
		if content, is := encapsulated(b); is == cmsData && len(content) > len(b) {
			t.Fatalf("%d bytes out of %d", len(content), len(b))
		}
		_ = cmsOfText(b)
	})
}
