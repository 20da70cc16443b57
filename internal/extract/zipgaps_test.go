package extract

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"
)

func tarOf(t testing.TB, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Size: int64(len(f.text)), Mode: 0o644}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func gzipOf(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestBehindArchives: what no program unpacks, or only some do, is told and read.
func TestBehindArchives(t *testing.T) {
	t.Parallel()
	const secret = "personnummer 890102-2387"
	ordinary := zipOf(t, file{"a.txt", "hej"}, file{"b/c.txt", "hopp"})
	document := zipOf(t, docx("<w:p><w:r><w:t>x</w:t></w:r></w:p>")...)
	tarball := tarOf(t, file{"a.txt", "hej"})
	hidden := tarOf(t, file{"b.txt", secret})
	list := bytes.Index(ordinary, []byte(zipListed))
	slack := strings.Join([]string{string(ordinary[:list]), string(ordinary[list:])}, secret+"\n")
	slack = slack[:len(slack)-6] + string(binary.LittleEndian.AppendUint32(nil, uint32(list+len(secret)+1))) + slack[len(slack)-2:]
	long := make([]byte, 46)
	copy(long, zipListed)
	long[30] = byte(len(secret)) // its extra field
	entry := slack[:list] + string(long) + slack[list:]
	entry = entry[:len(entry)-6] + string(binary.LittleEndian.AppendUint32(nil, uint32(list+len(long)+len(secret)+1))) + entry[len(entry)-2:]
	renamed := bytes.Replace(ordinary, []byte("a.txt"), []byte("8.901"), 1)
	read := func(where string) []Segment { return []Segment{{Where: where, Kind: AttachmentText, Text: secret}} }
	tests := []struct {
		name string
		data string
		want []Segment
	}{
		{"a.tar", string(tarball) + string(hidden), read("att[1]/a.tar!behind!b.txt")},
		{"b.tar", string(tarball) + secret, read("att[1]/b.tar!behind")},
		{"c.tar", string(tarball) + string(zipOf(t, file{"b.txt", secret})), read("att[1]/c.tar!behind!b.txt")},
		{"a.zip", string(ordinary) + secret, read("att[1]/a.zip!behind")},
		{"b.zip", string(ordinary) + string(gzipOf(t, secret)), read("att[1]/b.zip!behind!file")},
		{"c.zip", slack, read("att[1]/c.zip!behind")},
		{"a.docx", string(document) + secret, read("att[1]/a.docx!behind")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached(tt.name, []byte(tt.data)), Limits{})
			checkContent(t, c, tt.want, nil, []Unreadable{{"att[1]/" + tt.name, Ambiguous, behindArchive}})
		})
	}
	c := parseLimits(t, attached("d.zip", []byte(entry)), Limits{})
	checkContent(t, c, nil, nil, []Unreadable{{"att[1]/d.zip", Ambiguous, behindArchive}, {"att[1]/d.zip!behind", Unsupported, "cannot read application/octet-stream"}})
	c = parseLimits(t, attached("e.zip", renamed), Limits{})
	checkContent(t, c, []Segment{{Where: "att[1]/e.zip!8.901", Kind: AttachmentName, Text: "8.901"}}, nil,
		[]Unreadable{{"att[1]/e.zip", Ambiguous, "two names of one file in the archive"}})
}

// TestNothingBehind: how programs end and fill up their archives is no finding.
func TestNothingBehind(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	_ = w.SetComment("en kommentar")
	for _, h := range []*zip.FileHeader{
		{Name: "mimetype", Method: zip.Store},
		{Name: "tom.txt", Method: zip.Deflate},
		{Name: "katalog/"},
		{Name: "stor.txt", Method: zip.Deflate, Extra: []byte("\x28\xa2\x04\x00\x00\x00\x00\x00")},
	} {
		f, err := w.CreateHeader(h)
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == "stor.txt" || h.Name == "mimetype" {
			_, _ = f.Write([]byte(strings.Repeat("hej ", 1000)))
		}
	}
	raw, err := w.CreateRaw(&zip.FileHeader{Name: "utan.txt", CompressedSize64: 3, UncompressedSize64: 3, CRC32: crc32.ChecksumIEEE([]byte("hej"))}) // no sums behind it
	if err != nil {
		t.Fatal(err)
	}
	_, _ = raw.Write([]byte("hej"))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	tarball := tarOf(t, file{"a.txt", "hej"})
	for name, data := range map[string][]byte{
		"a.zip":  b.Bytes(),
		"b.zip":  zipOf(t),
		"a.tar":  append(bytes.Clone(tarball), make([]byte, 10240-len(tarball))...),
		"b.tar":  tarball[:len(tarball)-1024],
		"a.docx": stored(t, "../places/text.docx"),
		"a.odt":  stored(t, "../places/text.odt"),
		"a.xlsx": stored(t, "../places/python.xlsx"),
		"b.xlsm": stored(t, "../places/sheet.xlsm"),
		"c.zip":  stored(t, "../places/arkiv.zip"),
		"c.tar":  stored(t, "../places/arkiv.tar"),
	} {
		c := parseLimits(t, attached(name, data), Limits{})
		for _, u := range c.Unreadable {
			if u.Reason == Ambiguous || u.Reason == Corrupt {
				t.Errorf("%s: %v", name, u)
			}
		}
	}
}
