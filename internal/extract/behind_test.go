package extract

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
)

func gzipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestIntruders(t *testing.T) {
	t.Parallel()
	gz := gzipped(t, "nr "+secret)
	const (
		gif   = "GIF89a\x01\x00\x01\x00\x00\x00\x00;"
		png   = "\x89PNG\r\n\x1a\n\x00\x00"
		film  = "\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00"
		song  = "ID3\x03\x00\x00"
		seven = "7z\xBC\xAF\x27\x1C\x00\x04"
		rar   = "Rar!\x1A\x07\x00"
	)
	picture := func(name, mime string) Unreadable {
		return Unreadable{"att[1]/" + name, UnreadPicture, "picture that is not read: " + mime}
	}
	mute := func(name, mime string) Unreadable {
		return Unreadable{"att[1]/" + name, UnknownType, "nothing to read in " + mime}
	}
	doubt := func(name, detail string) Unreadable { return Unreadable{"att[1]/" + name, Ambiguous, detail} }
	long := strings.Repeat("a line of text\n", 600)
	tests := []struct {
		name  string
		file  string
		data  string
		found []Unreadable
	}{
		{"a film", "a.mp4", film + strings.Repeat("\x1f\x8b\x08\x1f", 40000), []Unreadable{mute("a.mp4", "video/mp4")}},
		{"7z behind gif", "a.gif", gif + seven, []Unreadable{picture("a.gif", "image/gif"), doubt("a.gif", "archive behind image/gif")}},
		{"rar behind png", "a.png", png + rar, []Unreadable{picture("a.png", "image/png"), doubt("a.png", "archive behind image/png")}},
		{"gz behind mp3", "a.mp3", song + "\x00\x00" + gz, []Unreadable{mute("a.mp3", "audio/mpeg"), doubt("a.mp3", "archive behind audio/mpeg")}},
		{"gz far behind mp4, on a border", "a.mp4", film + strings.Repeat("\x00", intruderRoom-len(film)-5) + gz, []Unreadable{mute("a.mp4", "video/mp4"), doubt("a.mp4", "archive behind video/mp4")}},
		{"PDF behind mp4", "a.mp4", film + strings.Repeat("\x00", 5000) + "%PDF-1.4\n", []Unreadable{mute("a.mp4", "video/mp4"), doubt("a.mp4", "document behind video/mp4")}},
		{"odd PDF at the start of gif", "a.gif", gif + "%PDF-a\n", []Unreadable{picture("a.gif", "image/gif"), doubt("a.gif", "document behind image/gif")}},
		{"gz behind text", "a.txt", long + gz, []Unreadable{doubt("a.txt", "binary data in text"), doubt("a.txt", "archive behind text/plain")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkContent(t, parseLimits(t, attached(tt.file, []byte(tt.data)), Limits{}), nil, nil, tt.found)
		})
	}
	t.Run("in an archive", func(t *testing.T) {
		t.Parallel()
		c := parseLimits(t, attached("a.zip", zipOf(t, file{"b.gif", gif + strings.Repeat("\x00", 9000) + seven})), Limits{})
		if !hasFinding(c, doubt("a.zip!b.gif", "archive behind image/gif")) {
			t.Error(dump(c))
		}
	})
}

// TestDeclared: where a name says nothing, programs go by the declared type.
func TestDeclared(t *testing.T) {
	t.Parallel()
	pdf := strings.Repeat("\x00", 9) + "%PDF-1.4\n"
	tests := []struct{ name, declared, file, data, detail string }{
		{"film", "application/pdf", "", "\x00\x00\x00\x00ftypmp42" + pdf, unfitType},
		{"name without an ending", "application/pdf", "; name=avtal", "GIF89a" + pdf, unfitType},
		{"Ogg", "application/pdf", "", "OggS" + pdf, unfitType},
		{"song", "application/pdf", "", "ID3" + pdf, unfitType},
		{"Mac file", "application/pdf", "", "\x00\x05\x16\x07" + pdf, unfitType},
		{"font", "application/pdf", "", "wOFF" + pdf, unfitType},
		{"document", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "", "wOFF" + pdf, unfitType},
		{"nothing said", "application/octet-stream", "", "wOFF" + pdf, "document behind font/woff"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, "Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\nContent-Type: "+tt.declared+tt.file+"\r\nContent-Transfer-Encoding: base64\r\n\r\n"+lines76([]byte(tt.data))+"\r\n--B--\r\n", Limits{})
			where := "att[1]"
			if tt.file != "" {
				where += "/avtal"
			}
			if !hasFinding(c, Unreadable{where, Ambiguous, tt.detail}) {
				t.Error(dump(c))
			}
		})
	}
}

// TestMarkupFiles: what a browser opens is read as it shows it.
func TestMarkupFiles(t *testing.T) {
	t.Parallel()
	const text = "<p>8901<b>02</b>-2387</p>"
	tests := []struct {
		name, data string
		kind       Kind
	}{
		{"a.xhtml", text, AttachmentText},
		{"a.xht", text, AttachmentText},
		{"a.shtml", text, AttachmentText},
		{"a.hta", text, AttachmentText},
		{"a.htm.", text, AttachmentText},
		{"a.htm .", text, AttachmentText},
		{"a", text, Hidden},
		{"a.unknown", "<!-- x -->" + text, Hidden},
		{"a", "\n <meta name=x>" + text, Hidden},
		{"a", "<style>b{}</style>" + text, Hidden},
		{"a", "<div>" + text, Hidden},
	}
	for _, tt := range tests {
		t.Run(tt.name+tt.data, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached(tt.name, []byte(tt.data)), Limits{})
			checkContent(t, c, []Segment{{Where: "att[1]/" + tt.name, Kind: tt.kind, Text: secret}}, nil, nil)
		})
	}
	t.Run("packed picture", func(t *testing.T) {
		t.Parallel()
		c := parseLimits(t, attached("a.svgz", []byte(gzipped(t, `<svg xmlns="http://www.w3.org/2000/svg"><text>8901<tspan>02</tspan>-2387</text></svg>`))), Limits{})
		checkContent(t, c, []Segment{{Where: "att[1]/a.svgz!a.svg", Kind: Hidden, Text: secret}}, nil, nil)
	})
}

func TestShortRTF(t *testing.T) {
	t.Parallel()
	const digits = `\'38\'39\'30\'31\'30\'32-2387`
	tests := []struct {
		name, data string
		found      []Unreadable
	}{
		{"a.rtf", `{\rt1\ansi ` + digits + `}`, nil},
		{"a.doc", `{\rt1\ansi ` + digits + `}`, nil},
		{"b.doc", `{\r1\ansi ` + digits + `}`, []Unreadable{{"att[1]/b.doc", Ambiguous, unfit}}},
		{"c.rtf", `x{\rtf1\ansi ` + digits + `}`, []Unreadable{{"att[1]/c.rtf", Ambiguous, unfit}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached(tt.name, []byte(tt.data)), Limits{})
			checkContent(t, c, []Segment{{Where: "att[1]/" + tt.name, Kind: AttachmentText, Text: secret}}, nil, tt.found)
		})
	}
}
