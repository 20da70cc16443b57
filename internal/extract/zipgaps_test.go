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
		{"a.7z", string(stored(t, "plain.7z")) + secret, read("att[1]/a.7z!behind")},
		{"b.7z", string(stored(t, "plain.7z")) + string(hidden), read("att[1]/b.7z!behind!b.txt")},
		{"a4.rar", string(stored(t, "../places/arkiv4.rar")) + secret, read("att[1]/a4.rar!behind")},
		{"a5.rar", string(stored(t, "../places/arkiv5.rar")) + secret, read("att[1]/a5.rar!behind")},
		{"b5.rar", string(stored(t, "../places/arkiv5.rar")) + string(gzipOf(t, secret)), read("att[1]/b5.rar!behind!file")},
		{"a.txt.xz", string(stored(t, "lista.txt.xz")) + secret, read("att[1]/a.txt.xz!behind")},
		{"b.txt.xz", string(stored(t, "lista.txt.xz")) + "\x00\x00\x00\x00" + string(hidden), read("att[1]/b.txt.xz!behind!b.txt")},
		{"a.txt.gz", string(gzipOf(t, "hej")) + string(gzipOf(t, "hopp")) + secret, read("att[1]/a.txt.gz!behind")},
		{"a.txt.bz2", string(stored(t, "lista.txt.bz2")) + secret, read("att[1]/a.txt.bz2!behind")},
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
		"a.7z":   stored(t, "plain.7z"),
		"a.rar":  stored(t, "../places/arkiv4.rar"),
		"b.rar":  stored(t, "../places/arkiv5.rar"),
		"a.xz":   append(stored(t, "lista.txt.xz"), make([]byte, 12)...),
		"a.gz":   append(append(gzipOf(t, "hej"), gzipOf(t, "hopp")...), make([]byte, 512)...),
		"a.bz2":  append(stored(t, "lista.txt.bz2"), stored(t, "lista.txt.bz2")...),
	} {
		c := parseLimits(t, attached(name, data), Limits{})
		for _, u := range c.Unreadable {
			if u.Reason == Ambiguous || u.Reason == Corrupt {
				t.Errorf("%s: %v", name, u)
			}
		}
	}
}

// unlistedIn is an archive with files that it does not list: at its start, between its files and its list, or at its end.
func unlistedIn(t testing.TB, archive []byte, at string, stray []byte) []byte {
	t.Helper()
	stray = stray[:bytes.Index(stray, []byte(zipListed))] // without a list
	list := max(0, bytes.Index(archive, []byte(zipListed)))
	switch at {
	case "start":
		return append(bytes.Clone(stray), archive...)
	case "end":
		return append(bytes.Clone(archive), stray...)
	}
	out := append(append(bytes.Clone(archive[:list]), stray...), archive[list:]...)
	binary.LittleEndian.PutUint32(out[len(out)-6:], uint32(list+len(stray)))
	return out
}

// TestUnlistedFiles: a file that an archive has and does not list is read, and told.
func TestUnlistedFiles(t *testing.T) {
	t.Parallel()
	const secret = "personnummer 890102-2387"
	made := func(flags, method uint16, content, data string) []byte {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		raw, err := w.CreateRaw(&zip.FileHeader{
			Name: "b.txt", Flags: flags, Method: method,
			CompressedSize64: uint64(len(data)), UncompressedSize64: uint64(len(content)), CRC32: crc32.ChecksumIEEE([]byte(content)),
		})
		if err != nil {
			t.Fatal(err)
		}
		_, _ = raw.Write([]byte(data))
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	ordinary := zipOf(t, file{"a.txt", "hej"}, file{"c.txt", "hopp"})
	document := zipOf(t, docx("<w:p><w:r><w:t>x</w:t></w:r></w:p>")...)
	packed := zipOf(t, file{"b.txt", secret}, file{"tom/", ""}, file{"d.txt", "hej"})
	first, unlisted := "archive whose first file is not in its list", unlistedFile
	text := func(where string) []Segment {
		return []Segment{{Where: where, Kind: AttachmentText, Text: secret}, {Where: where, Kind: AttachmentName, Text: "b.txt"}}
	}
	ambiguous := func(where, detail string) []Unreadable { return []Unreadable{{where, Ambiguous, detail}} }
	for _, tt := range []struct {
		name, file string
		data       []byte
		want       []Segment
		found      []Unreadable
	}{
		{"packed", "a.zip", unlistedIn(t, ordinary, "between", packed), text("att[1]/a.zip!b.txt"), ambiguous("att[1]/a.zip", unlisted)},
		{"stored", "a.zip", unlistedIn(t, ordinary, "between", made(0, zip.Store, secret, secret)), text("att[1]/a.zip!b.txt"), ambiguous("att[1]/a.zip", unlisted)},
		{"stored, with sizes behind", "a.zip", unlistedIn(t, ordinary, "between", made(zipSumsBehind, zip.Store, secret, secret)), text("att[1]/a.zip!b.txt"), ambiguous("att[1]/a.zip", unlisted)},
		{"archive", "a.zip", unlistedIn(t, ordinary, "between", zipOf(t, file{"b.zip", string(zipOf(t, file{"b.txt", secret}))})), text("att[1]/a.zip!b.zip!b.txt"), ambiguous("att[1]/a.zip", unlisted)},
		{"first", "a.zip", unlistedIn(t, ordinary, "start", packed), text("att[1]/a.zip!b.txt"), ambiguous("att[1]/a.zip", first)},
		{"in a document", "a.docx", unlistedIn(t, document, "between", packed), text("att[1]/a.docx!b.txt"), ambiguous("att[1]/a.docx", unlisted)},
		{"behind the end", "a.zip", unlistedIn(t, ordinary, "end", packed), text("att[1]/a.zip!behind!b.txt"),
			append(ambiguous("att[1]/a.zip", behindArchive), Unreadable{"att[1]/a.zip!behind", Corrupt, "damaged zip file"})},
		{"without a list", "a.zip", unlistedIn(t, nil, "end", packed), text("att[1]/a.zip!b.txt"), []Unreadable{{"att[1]/a.zip", Corrupt, "damaged zip file"}}},
		{"cut off", "a.zip", packed[:len(packed)-20], text("att[1]/a.zip!b.txt"), []Unreadable{{"att[1]/a.zip", Corrupt, "damaged zip file"}}},
		{"locked", "a.zip", unlistedIn(t, ordinary, "between", made(1, zip.Store, secret, secret)), []Segment{{Where: "att[1]/a.zip!b.txt", Kind: AttachmentName, Text: "b.txt"}},
			append(ambiguous("att[1]/a.zip", unlisted), Unreadable{"att[1]/a.zip", Encrypted, "archive with a password"})},
		{"packed by another method", "a.zip", unlistedIn(t, ordinary, "between", made(0, 12, secret, secret)), []Segment{{Where: "att[1]/a.zip!b.txt", Kind: AttachmentName, Text: "b.txt"}},
			append(ambiguous("att[1]/a.zip", unlisted), Unreadable{"att[1]/a.zip", Unsupported, "cannot read this kind of compression"})},
		{"damaged", "a.zip", unlistedIn(t, ordinary, "between", made(0, zip.Deflate, secret, secret)), []Segment{{Where: "att[1]/a.zip!behind", Kind: AttachmentText, Text: "890102-2387"}},
			append(ambiguous("att[1]/a.zip", unlisted), Unreadable{"att[1]/a.zip", Corrupt, "damaged archive"}, Unreadable{"att[1]/a.zip", Ambiguous, behindArchive})},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkContent(t, parseLimits(t, attached(tt.file, tt.data), Limits{}), tt.want, nil, tt.found)
		})
	}
}

// TestUnlistedLimits: files that are not listed are bounded as others are.
func TestUnlistedLimits(t *testing.T) {
	t.Parallel()
	bomb := zipOf(t, file{"b.txt", strings.Repeat("0", 8<<20)})
	for _, tt := range []struct {
		name   string
		data   []byte
		lim    Limits
		reason Reason
	}{
		{"files", unlistedIn(t, nil, "end", zipOf(t, file{"a", "1"}, file{"b", "2"})), Limits{Files: 1}, TooMany},
		{"ratio", unlistedIn(t, nil, "end", bomb), Limits{}, Ratio},
		{"unpacked", unlistedIn(t, nil, "end", bomb), Limits{Ratio: 10000, Unpacked: 2 << 20}, TooLarge},
	} {
		c := parseLimits(t, attached("a.zip", tt.data), tt.lim)
		if !strings.Contains(dump(c), string(tt.reason)) {
			t.Errorf("%s: no %s\n%s", tt.name, tt.reason, dump(c))
		}
	}
}

func unvisited(bool, int64, int64) {}

// TestArchiveEnds: where an archive ends is found, or not told.
func TestArchiveEnds(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../places/arkiv4.rar", "../places/arkiv5.rar"} {
		b := stored(t, name)
		if end := rarEnd(readerAt(append(bytes.Clone(b), "behind"...)), int64(len(b)+6), unvisited); end != int64(len(b)) {
			t.Errorf("%s: %d of %d", name, end, len(b))
		}
		for i := range b {
			if end := rarEnd(readerAt(b[:i]), int64(i), unvisited); end != 0 {
				t.Errorf("%s cut at %d: %d", name, i, end)
			}
		}
	}
	for _, name := range []string{"headers4.rar", "headers5.rar"} {
		b := stored(t, "../locked/"+name)
		if end := rarEnd(readerAt(b), int64(len(b)), unvisited); end != 0 {
			t.Errorf("%s: %d of %d", name, end, len(b))
		}
	}
	b := stored(t, "plain.7z")
	if end := sevenZipEnd(readerAt(b)); end != int64(len(b)) {
		t.Errorf("7z: %d of %d", end, len(b))
	}
	if end := sevenZipEnd(readerAt(b[:20])); end != 0 {
		t.Errorf("7z: %d", end)
	}
}
