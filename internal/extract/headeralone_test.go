package extract

import "testing"

func TestHeaderAlone(t *testing.T) {
	t.Parallel()
	bounce := func(part string) string {
		return "MIME-Version: 1.0\nContent-Type: multipart/report; boundary=R\n\n--R\n\nfailed\n--R\n" + part + "\n--R--\n"
	}
	const fields = "Received: from a by b\nSubject: hej\nMIME-Version: 1.0\n"
	tests := []struct {
		name  string
		msg   string
		found []Unreadable
	}{
		{"headers", bounce("Content-Type: text/rfc822-headers\n\n" + fields + "Content-Type: multipart/mixed; boundary=x\n"), nil},
		{"headers, empty line", bounce("Content-Type: text/rfc822-headers\n\n" + fields + "Content-Type: multipart/mixed; boundary=x\n\n"), nil},
		{"headers cut off", bounce("Content-Type: text/rfc822-headers\n\n" + fields + "Content-Type: multipart/mixed;\n"), nil},
		{"message", bounce("Content-Type: message/rfc822\n\n" + fields + "Content-Type: multipart/mixed; boundary=x\n\n"), nil},
		{"text below", bounce("Content-Type: text/rfc822-headers\n\n" + fields + "Content-Type: multipart/mixed; boundary=x\n\nhej\n"), []Unreadable{{"att[1]!multipart", Ambiguous, noParts}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkContent(t, parseString(t, tt.msg), []Segment{{Where: "att[1]!subject", Kind: AttachmentText, Text: "hej"}}, nil, tt.found)
		})
	}
}
