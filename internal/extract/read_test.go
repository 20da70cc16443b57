package extract

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const readMail = "Subject: s\r\nBcc: h@x.example\r\nContent-Type: multipart/mixed; boundary=B\r\n\r\n" +
	"--B\r\nContent-Type: multipart/alternative; boundary=A\r\n\r\n--A\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\ntext \xe5\r\n--A\r\nContent-Type: text/html\r\n\r\n<p>markup</p>\r\n--A--\r\n" +
	"--B\r\nContent-Type: image/png\r\nContent-ID: <pic@x>\r\nContent-Transfer-Encoding: base64\r\n\r\niVBO\r\nRw==\r\n" +
	"--B\r\nContent-Type: text/plain; name=a.txt\r\nContent-Disposition: attachment\r\n\r\nline one\r\n\r\nline three\r\n\r\n" +
	"--B\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n--C\r\n\r\nx\r\n--C--\r\n" +
	"--B\r\n\r\n<footer>\r\n--B--\r\n"

func TestRead(t *testing.T) {
	t.Parallel()
	m, err := Read(context.Background(), strings.NewReader(readMail), Limits{})
	if err != nil {
		t.Fatal(err)
	}
	inner := "Subject: inner\r\nContent-Type: multipart/mixed; boundary=C\r\n\r\n--C\r\n\r\nx\r\n--C--"
	want := []Part{
		{Index: 0, Type: "image/png", Size: 4, Inline: true, ContentID: "pic@x"},
		{Index: 1, Name: "a.txt", Type: "text/plain", Size: 24},
		{Index: 2, Type: "message/rfc822", Size: int64(len(inner))},
	}
	if diff := cmp.Diff(want, m.Parts); diff != "" {
		t.Errorf("parts (-want +got):\n%s", diff)
	}
	if got := strings.ReplaceAll(m.Text, "\r\n", "\n"); got != "text å\n\n<footer>\n" {
		t.Errorf("text = %q", got)
	}
	if got := strings.ReplaceAll(m.HTML, "\r\n", "\n"); got != "<p>markup</p>\n\n<pre>&lt;footer&gt;\n</pre>" {
		t.Errorf("html = %q", got)
	}
	if m.Header.Get("Bcc") != "" || !m.Header.HasBcc {
		t.Error("Bcc shows")
	}
	for i, want := range []string{"\x89PNG", "line one\r\n\r\nline three\r\n", inner} {
		var b bytes.Buffer
		p, err := CopyPart(context.Background(), &b, strings.NewReader(readMail), i)
		if err != nil || b.String() != want || p != m.Parts[i] {
			t.Errorf("part %d = %q, %+v, %v; want %q", i, b.String(), p, err, want)
		}
	}
}

func TestCopyPartErrors(t *testing.T) {
	t.Parallel()
	for _, i := range []int{-1, 3, 99} {
		if _, err := CopyPart(context.Background(), &bytes.Buffer{}, strings.NewReader(readMail), i); !errors.Is(err, ErrNoPart) {
			t.Errorf("part %d: %v", i, err)
		}
	}
	full := errors.New("pipe closed")
	if _, err := CopyPart(context.Background(), failing{full}, strings.NewReader(readMail), 1); !errors.Is(err, full) {
		t.Errorf("err = %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }
