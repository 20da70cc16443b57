package extract

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"
)

// stored reads a file of testdata/files, which LibreOffice, 7-Zip, Info-ZIP, tar and the packers of Debian made.
func stored(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata/files", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unpacked(t testing.TB, name string) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(stored(t, name)))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRealFiles(t *testing.T) {
	t.Parallel()
	number := func(where string) Segment { return Segment{Where: where, Kind: AttachmentText, Text: "19890102-2387"} }
	tests := []struct {
		name  string
		data  []byte
		want  []Segment
		found []Unreadable
	}{
		{"a.doc", stored(t, "a.doc"), []Segment{number("att[1]/a.doc"), {Where: "att[1]/a.doc", Kind: AttachmentText, Text: "Kim Ek\t890102-2387"}}, nil},
		{"b.xls", stored(t, "b.xls"), []Segment{number("att[1]/b.xls!b"), {Where: "att[1]/b.xls!b", Kind: AttachmentText, Text: "Namn\tPersonnummer\tBelopp\nKim Ek\t19890102-2387\t1234567"},
			{Where: "att[1]/b.xls!b", Kind: AttachmentText, Text: "Åsa Öberg"}}, nil},
		{"a.rtf", stored(t, "a.rtf"), []Segment{number("att[1]/a.rtf"), {Where: "att[1]/a.rtf", Kind: AttachmentText, Text: "Patienten Åsa Öberg"},
			{Where: "att[1]/a.rtf", Kind: AttachmentText, Text: "Kim Ek\t890102-2387"}, {Where: "att[1]/a.rtf", Kind: Hidden, Text: "Underlag"}}, nil},
		{"c.ppt", unpacked(t, "c.ppt.gz"), []Segment{{Where: "att[1]/c.ppt", Kind: AttachmentText, Text: "Bild med nummer 19890102-2387 för Åsa"}}, nil},
		{"plain.7z", stored(t, "plain.7z"), []Segment{number("att[1]/plain.7z!lista.txt"), {Where: "att[1]/plain.7z!lista.txt", Kind: AttachmentName, Text: "lista.txt"}}, nil},
		{"deflate64.7z", stored(t, "deflate64.7z"), []Segment{{Where: "att[1]/deflate64.7z!lista.txt", Kind: AttachmentName, Text: "lista.txt"}},
			[]Unreadable{{"att[1]/deflate64.7z", Unsupported, "cannot read this kind of compression"}}},
		{"locked.7z", stored(t, "locked.7z"), []Segment{{Where: "att[1]/locked.7z!lista.txt", Kind: AttachmentName, Text: "lista.txt"}},
			[]Unreadable{{"att[1]/locked.7z", Encrypted, "archive with a password"}}},
		{"sealed.7z", stored(t, "sealed.7z"), nil, []Unreadable{{"att[1]/sealed.7z", Encrypted, "archive with a password"}}},
		{"locked.zip", stored(t, "locked.zip"), []Segment{{Where: "att[1]/locked.zip!lista.txt", Kind: AttachmentName, Text: "lista.txt"}},
			[]Unreadable{{"att[1]/locked.zip", Encrypted, "archive with a password"}}},
		{"aes.zip", stored(t, "aes.zip"), []Segment{{Where: "att[1]/aes.zip!lista.txt", Kind: AttachmentName, Text: "lista.txt"}},
			[]Unreadable{{"att[1]/aes.zip", Encrypted, "archive with a password"}}},
		{"lista.txt.gz", stored(t, "lista.txt.gz"), []Segment{number("att[1]/lista.txt.gz!lista.txt")}, nil},
		{"lista.txt.bz2", stored(t, "lista.txt.bz2"), []Segment{number("att[1]/lista.txt.bz2!lista.txt")}, nil},
		{"lista.txt.xz", stored(t, "lista.txt.xz"), []Segment{number("att[1]/lista.txt.xz!lista.txt")}, nil},
		{"a.tar.gz", stored(t, "a.tar.gz"), []Segment{number("att[1]/a.tar.gz!a.tar!lista.txt")}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached(tt.name, tt.data), Limits{})
			checkContent(t, c, tt.want, nil, tt.found)
		})
	}
}

func utf16Text(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return string(b)
}

// compound writes a compound file (MS-CFB, version 3) with a stream for each path; folders are made as they are met.
func compound(t testing.TB, streams ...file) []byte {
	t.Helper()
	type entry struct {
		name                string
		kind                byte
		left, right, child  uint32
		start, size, parent uint32
	}
	const none, endOfChain, sector = 0xffffffff, 0xfffffffe, 512
	entries := []entry{{name: "Root Entry", kind: 5, left: none, right: none, child: none, start: endOfChain}}
	folders := map[string]uint32{"": 0}
	var data []byte
	var fat []uint32
	add := func(parent uint32, e entry) uint32 {
		id := uint32(len(entries))
		e.left, e.right, e.child, e.parent = none, entries[parent].child, none, parent
		entries = append(entries, e)
		entries[parent].child = id // siblings hang to the right, in no order: enough for readers that walk the tree
		return id
	}
	for _, s := range streams {
		dir, base := "", s.name
		if i := strings.LastIndexByte(s.name, '/'); i >= 0 {
			dir, base = s.name[:i], s.name[i+1:]
		}
		if _, ok := folders[dir]; !ok {
			at := ""
			for _, part := range strings.Split(dir, "/") {
				next := strings.TrimPrefix(at+"/"+part, "/")
				if _, ok := folders[next]; !ok {
					folders[next] = add(folders[at], entry{name: part, kind: 1, start: endOfChain})
				}
				at = next
			}
		}
		body := []byte(s.text)
		size := max(len(body), 4096) // below that it would lie in the mini stream
		body = append(body, make([]byte, (size+sector-1)/sector*sector-len(body))...)
		start := uint32(len(fat))
		for i := range len(body) / sector {
			fat = append(fat, start+uint32(i)+1)
		}
		fat[len(fat)-1] = endOfChain
		data = append(data, body...)
		add(folders[dir], entry{name: base, kind: 2, start: start, size: uint32(size)})
	}
	for len(entries)%4 != 0 {
		entries = append(entries, entry{left: none, right: none, child: none})
	}
	dirStart := uint32(len(fat))
	var dirs []byte
	for _, e := range entries {
		b := make([]byte, 128)
		for i, u := range utf16.Encode([]rune(e.name)) {
			binary.LittleEndian.PutUint16(b[2*i:], u)
		}
		if e.name != "" {
			binary.LittleEndian.PutUint16(b[64:], uint16(2*len(utf16.Encode([]rune(e.name)))+2))
		}
		b[66], b[67] = e.kind, 1
		binary.LittleEndian.PutUint32(b[68:], e.left)
		binary.LittleEndian.PutUint32(b[72:], e.right)
		binary.LittleEndian.PutUint32(b[76:], e.child)
		binary.LittleEndian.PutUint32(b[116:], e.start)
		binary.LittleEndian.PutUint32(b[120:], e.size)
		dirs = append(dirs, b...)
	}
	for i := range len(dirs) / sector {
		fat = append(fat, dirStart+uint32(i)+1)
	}
	fat[len(fat)-1] = endOfChain
	fatStart := uint32(len(fat))
	sectors := 1
	for (len(fat)+sectors)*4 > sectors*sector {
		sectors++
	}
	for range sectors {
		fat = append(fat, 0xfffffffd)
	}
	for len(fat) < sectors*sector/4 {
		fat = append(fat, none)
	}
	head := make([]byte, sector)
	copy(head, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1")
	binary.LittleEndian.PutUint16(head[24:], 0x3e)
	binary.LittleEndian.PutUint16(head[26:], 3)
	binary.LittleEndian.PutUint16(head[28:], 0xfffe)
	binary.LittleEndian.PutUint16(head[30:], 9)
	binary.LittleEndian.PutUint16(head[32:], 6)
	binary.LittleEndian.PutUint32(head[44:], uint32(sectors))
	binary.LittleEndian.PutUint32(head[48:], dirStart)
	binary.LittleEndian.PutUint32(head[56:], 4096)
	binary.LittleEndian.PutUint32(head[60:], endOfChain)
	binary.LittleEndian.PutUint32(head[68:], endOfChain)
	for i := range 109 {
		v := uint32(none)
		if i < sectors {
			v = fatStart + uint32(i)
		}
		binary.LittleEndian.PutUint32(head[76+4*i:], v)
	}
	out := append(append(head, data...), dirs...)
	for _, v := range fat {
		out = binary.LittleEndian.AppendUint32(out, v)
	}
	return out
}

func TestCompoundFiles(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		data  []byte
		want  []Segment
		found []Unreadable
	}{
		{"a.docx", compound(t, file{"EncryptionInfo", "x"}, file{"EncryptedPackage", "y"}), nil, []Unreadable{{"att[1]/a.docx", Encrypted, "office document with a password"}}},
		{"a.db", compound(t, file{"Catalog", "x"}), nil, []Unreadable{{"att[1]/a.db", Unsupported, "cannot read application/x-ole-storage"}}},
		{"a.msg", compound(t,
			file{"__properties_version1.0", "x"},
			file{"__substg1.0_0037001F", utf16Text("Underlag om Åsa")},
			file{"__substg1.0_1000001F", wide("Personnummer 19890102-2387")},
			file{"__substg1.0_0E04001F", wide("karin@ekman.example")},
			file{"__attach_version1.0_#00000000/__substg1.0_3707001F", wide("lista.csv")},
			file{"__attach_version1.0_#00000000/__substg1.0_37010102", "namn;nr\n" + strings.Repeat("Kim;890102-2387\n", 300)},
			file{"__attach_version1.0_#00000001/__substg1.0_3707001F", wide("inre")},
			file{"__attach_version1.0_#00000001/__substg1.0_3701000D/__properties_version1.0", "x"},
			file{"__attach_version1.0_#00000001/__substg1.0_3701000D/__substg1.0_1000001F", wide("djupt inne 4711")},
		), []Segment{
			{Where: "att[1]/a.msg!subject", Kind: AttachmentText, Text: "Underlag om Åsa"},
			{Where: "att[1]/a.msg!body", Kind: AttachmentText, Text: "19890102-2387"},
			{Where: "att[1]/a.msg", Kind: Hidden, Text: "karin@ekman.example"},
			{Where: "att[1]/a.msg!lista.csv", Kind: AttachmentText, Text: "Kim\t890102-2387"},
			{Where: "att[1]/a.msg!inre!body", Kind: AttachmentText, Text: "djupt inne 4711"},
		}, nil},
		{"locked.ppt", compound(t, file{"PowerPoint Document", "\x0f\x00\x14\x2f\x00\x00\x00\x00"}), nil, []Unreadable{{"att[1]/locked.ppt", Encrypted, "office document with a password"}}},
		{"locked.xls", compound(t, file{"Workbook", "\x09\x08\x10\x00\x00\x06\x05\x00" + strings.Repeat("\x00", 12) + "\x2f\x00\x02\x00\x01\x00"}), nil,
			[]Unreadable{{"att[1]/locked.xls", Encrypted, "office document with a password"}}},
		{"locked.doc", compound(t, file{"WordDocument", "\xec\xa5\xc1\x00\x00\x00\x00\x00\x00\x00\x00\x01" + strings.Repeat("\x00", 600)}), nil,
			[]Unreadable{{"att[1]/locked.doc", Encrypted, "office document with a password"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached(tt.name, tt.data), Limits{})
			checkContent(t, c, tt.want, nil, tt.found)
		})
	}
}

func TestRTF(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, rtf, text, hidden string }{
		{"plain", `{\rtf1 hej}`, "hej", ""},
		{"a number in several runs", `{\rtf1 19{\b 89}01{\i{\lang1053 02}}-2387}`, "19890102-2387", ""},
		{"bytes of a code page", `{\rtf1\ansi\ansicpg1252 \'c5sa \'d6berg}`, "Åsa Öberg", ""},
		{"another code page", `{\rtf1\ansi\ansicpg1251 \'cf\'f0}`, "Пр", ""},
		{"Unicode with a stand-in", `{\rtf1\uc1 \u197?sa \u-10179?x}`, "Åsa", ""},
		{"no stand-in", `{\rtf1\uc0 \u197 sa}`, "Åsa", ""},
		{"cells and rows", `{\rtf1 a\cell b\cell\row c\cell\row}`, "a\tb\t\nc\t\n", ""},
		{"line ends do not count", "{\\rtf1 pers\r\nonnummer\\par x}", "personnummer\nx", ""},
		{"properties", `{\rtf1{\info{\title Hemlig plan}{\author Åke}}x}`, "x", "Hemlig plan"},
		{"hidden text", `{\rtf1 a{\v gömt} b}`, "a b", "gömt"},
		{"tables of fonts are none", `{\rtf1{\fonttbl{\f0 Arial;}}{\*\unknown z}x}`, "x", "z"},
		{"a picture", `{\rtf1{\pict\pngblip 89504e47}x}`, "x", ""},
		{"binary data", "{\\rtf1{\\pict\\bin3 }}}}x}", "x", ""},
		{"a footer before the text", `{\rtf1{\footer \pard\plain nr 890102-2387}\pard\plain Hej\par}`, "Hej\n\nnr 890102-2387", ""},
		{"a header behind text", `{\rtf1 12{\headerf\pard 890102-2387\par}34}`, "1234\n890102-2387", ""},
		{"a number with a footnote in it", `{\rtf1 8901{\super\chftn{\footnote\pard se {\b not}}}02-2387}`, "890102-2387\nse not", ""},
		{"a comment", `{\rtf1 a{\*\atnid 7}{\*\atnauthor Åke}\chatn{\*\annotation\pard 8901{\*\atnparent 3}02-2387}b}`, "ab\n890102-2387", "7\nÅke\n3"},
		{"a footnote in a text box", `{\rtf1 a{\shp{\*\shpinst\shpleft0{\shptxt 8901{\footnote not}02-2387}}}b}`, "ab\nnot\n890102-2387", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached("a.rtf", []byte(tt.rtf)), Limits{})
			want := []Segment{{Where: "att[1]/a.rtf", Kind: AttachmentText, Text: strings.TrimSpace(tt.text)}}
			if tt.hidden != "" {
				want = append(want, Segment{Where: "att[1]/a.rtf", Kind: Hidden, Text: tt.hidden})
			}
			checkContent(t, c, want, nil, nil)
		})
	}
	c := parseLimits(t, attached("a.rtf", []byte(`{\rtf1 x{`)), Limits{})
	checkContent(t, c, []Segment{{Where: "att[1]/a.rtf", Kind: AttachmentText, Text: "x"}}, nil, []Unreadable{{"att[1]/a.rtf", Corrupt, "damaged RTF document"}})
}

// TestRTFChanges: what a tracked change took away, and what is hidden, is read in its place, but not as part of what is shown.
func TestRTFChanges(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, rtf, text, hidden string }{
		{"deleted amid a number", `{\rtf1 8901{\deleted x}02-2387}`, "890102-2387", "8901x02-2387"},
		{"deleted up to a word", `{\rtf1 8901\deleted 77\deleted0 02-2387\par}`, "890102-2387", "89017702-2387"},
		{"a deleted number", `{\rtf1 Kim {\deleted\revauthdel1 8901}{\deleted 02-2387}Ek\par b}`, "Kim Ek\nb", "Kim 890102-2387Ek"},
		{"replaced amid a number", `{\rtf1 nr 8901{\revised 99}{\deleted 02}-2387\par b}`, "nr 890199-2387\nb", "nr 890102-2387"},
		{"put in amid a number", `{\rtf1 nr 8901{\revised 99}02-2387}`, "nr 89019902-2387", "nr 890102-2387"},
		{"parts of both", `{\rtf1 {\deleted 8901}{\revised 02-2387}}`, "02-2387", "890102-2387"},
		{"moved away", `{\rtf1 8901{\mvf x}02-2387{\mvt y}}`, "890102-2387y", "8901x02-2387"},
		{"ended by plain", `{\rtf1\deleted 8901\plain 02-2387}`, "02-2387", "890102-2387"},
		{"in a cell", `{\rtf1 a\cell 8901{\deleted x}02-2387\cell\row b}`, "a\t890102-2387\t\nb", "8901x02-2387"},
		{"in a footnote", `{\rtf1 a{\footnote 8901{\deleted x}02-2387}b}`, "ab\n890102-2387", "8901x02-2387"},
		{"tiny amid a number", `{\rtf1\fs24 8901{\fs2 xx}02-2387\par b}`, "8901xx02-2387\nb", "890102-2387"},
		{"white amid a number", `{\rtf1{\colortbl;\red0\green0\blue0;\red255\green255\blue250;}8901\cf2 xx\cf1 02-2387\par b}`, "8901xx02-2387\nb", "890102-2387"},
		{"white and put in", `{\rtf1{\colortbl\red255\green255\blue255;}8901{\cf0 x}{\revised 02}-2387}`, "8901x02-2387", "890102-2387"},
		{"hidden amid a number", `{\rtf1 8901{\v 02}-2387\par}`, "8901-2387", "890102-2387"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached("a.rtf", []byte(tt.rtf)), Limits{})
			checkContent(t, c, []Segment{
				{Where: "att[1]/a.rtf", Kind: AttachmentText, Text: tt.text}, {Where: "att[1]/a.rtf", Kind: Hidden, Text: tt.hidden},
			}, nil, nil)
		})
	}
}

// TestRTFPlaces: text in the less usual places of a document.
func TestRTFPlaces(t *testing.T) {
	t.Parallel()
	const body, aside = AttachmentText, Hidden
	tests := []struct {
		name, rtf string
		kind      Kind
		text      string
	}{
		{"result of a field", `{\rtf1 89{\field{\*\fldinst {PAGE}}{\fldrslt {01}}}02-2387}`, body, "890102-2387"},
		{"instruction of a field", `{\rtf1 x{\field{\*\fldinst QUOTE "890102-2387"}{\fldrslt y}}}`, aside, `QUOTE "890102-2387"`},
		{"form field", `{\rtf1 x{\field{\*\fldinst FORMTEXT {\*\formfield{\fftype0{\*\ffdeftext 890102-2387}}}}{\fldrslt y}}}`, aside, "890102-2387"},
		{"separator of notes", `{\rtf1 x{\*\ftnsep 890102-2387}}`, aside, "890102-2387"},
		{"endnote", `{\rtf1 x{\footnote\ftnalt 890102-2387}}`, body, "890102-2387"},
		{"bookmark amid a number", `{\rtf1 8901{\*\bkmkstart b}02{\*\bkmkend b}-2387}`, body, "890102-2387"},
		{"number of a list", `{\rtf1 {\*\listtable{\list{\listlevel{\leveltext\'0c890102-2387;}}}}x}`, aside, "890102-2387"},
		{"who made changes", `{\rtf1{\*\revtbl{Unknown;}{890102-2387;}}x}`, aside, "890102-2387"},
		{"files referred to", `{\rtf1{\*\filetbl{\file\fid1 C:\\890102-2387.rtf;}}x}`, aside, "890102-2387"},
		{"text in two writings", `{\rtf1 nr {\upr{9}{\*\ud{890102-2387}}}}`, body, "nr 890102-2387"},
		{"the simple one of them", `{\rtf1 nr {\upr{890102-2387}{\*\ud{x}}}}`, aside, "890102-2387"},
		{"formula amid a number", `{\rtf1 8901{\mmath{\*\moMath{\mr 02}}}-2387}`, body, "890102-2387"},
		{"old text box", `{\rtf1 x{\*\do\dobxpage{\dptxbx{\dptxbxtext 890102-2387}}}y}`, body, "xy\n890102-2387"},
		{"a mark before what is no destination", `{\rtf1 89{\*\b 0102-2387}}`, body, "890102-2387"},
		{"white on white", `{\rtf1{\colortbl;\red255\green255\blue255;}8901{\cf1\fs1 02}-2387}`, body, "890102-2387"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached("a.rtf", []byte(tt.rtf)), Limits{})
			checkContent(t, c, []Segment{{Where: "att[1]/a.rtf", Kind: tt.kind, Text: tt.text}}, nil, nil)
		})
	}
}

// tnefOf writes a TNEF stream: level, id with type, length, data, checksum.
func tnefOf(attributes ...any) []byte {
	out := []byte("\x78\x9f\x3e\x22\x01\x00")
	for i := 0; i < len(attributes); i += 3 {
		data := []byte(attributes[i+2].(string))     //nolint:forcetypeassert // written below
		out = append(out, byte(attributes[i].(int))) //nolint:forcetypeassert // written below
		out = binary.LittleEndian.AppendUint32(out, uint32(attributes[i+1].(int)))
		out = binary.LittleEndian.AppendUint32(out, uint32(len(data)))
		sum := 0
		for _, c := range data {
			sum += int(c)
		}
		out = binary.LittleEndian.AppendUint16(append(out, data...), uint16(sum))
	}
	return out
}

func TestWinmail(t *testing.T) {
	t.Parallel()
	props := "\x02\x00\x00\x00" + // two properties
		"\x1f\x00\x00\x10" + "\x01\x00\x00\x00" + "\x10\x00\x00\x00" + wide("nr 4711") + "\x00\x00" + // body
		"\x03\x00\x26\x00" + "\x01\x00\x00\x00"
	data := tnefOf(
		1, 0x00069007, "\xe4\x04\x00\x00\x00\x00\x00\x00",
		1, 0x00018004, "Underlag\x00",
		1, 0x00069003, props,
		2, 0x00069002, strings.Repeat("\x00", 14),
		2, 0x00018010, "lista.txt\x00",
		2, 0x0006800f, "personnummer 19890102-2387",
	)
	c := parseLimits(t, attached("winmail.dat", data), Limits{})
	checkContent(t, c, []Segment{
		{Where: "att[1]/winmail.dat!subject", Kind: AttachmentText, Text: "Underlag"},
		{Where: "att[1]/winmail.dat!body", Kind: AttachmentText, Text: "nr 4711"},
		{Where: "att[1]/winmail.dat!lista.txt", Kind: AttachmentName, Text: "lista.txt"},
		{Where: "att[1]/winmail.dat!lista.txt", Kind: AttachmentText, Text: "19890102-2387"},
	}, nil, nil)
}

func TestFilesInText(t *testing.T) {
	t.Parallel()
	const uu = "Hej,\r\n\r\nbegin 644 lista.txt\r\n:<&5R<V]N;G5M;65R(#$Y.#DP,3`R+3(S.#<*\r\n`\r\nend\r\nSlut\r\n"
	y := "=ybegin line=128 size=5 name=b.txt\r\n\x92\x8f\x94\x5b\x5c\r\n=yend size=5\r\n"
	for _, tt := range []struct{ name, text, where, want string }{
		{"uuencode", uu, "body/text!lista.txt", "personnummer 19890102-2387"},
		{"uuencode in base64", "Hej\r\nbegin-base64 644 lista.txt\r\ncGVyc29ubnVtbWVyIDg5MDEwMi0yMzg3\r\n====\r\nSlut\r\n", "body/text!lista.txt", "personnummer 890102-2387"},
		{"yEnc", y, "body/text!b.txt", "hej12"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			raw := "Subject: x\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n" + tt.text
			if tt.name == "yEnc" {
				raw = "Subject: x\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(tt.text)) + "\r\n"
			}
			c := parseLimits(t, raw, Limits{})
			checkContent(t, c, []Segment{{Where: tt.where, Kind: AttachmentText, Text: tt.want}}, nil, nil)
		})
	}
}

func TestMailbox(t *testing.T) {
	t.Parallel()
	box := "From anna@ekman.example Mon Nov 23 10:00:00 2026\nSubject: ett\n\n890102\nFrom bo@ekman.example Mon Nov 23 11:00:00 2026\nSubject: två\n\n2387\n"
	c := parseLimits(t, attached("arkiv.mbox", []byte(box)), Limits{})
	checkContent(t, c, []Segment{
		{Where: "att[1]/arkiv.mbox!1.eml!body/text", Kind: AttachmentText, Text: "890102"},
		{Where: "att[1]/arkiv.mbox!2.eml!subject", Kind: AttachmentText, Text: "två"},
		{Where: "att[1]/arkiv.mbox!2.eml!body/text", Kind: AttachmentText, Text: "2387"},
	}, nil, nil)
}

// zeros packs n zero bytes.
func zerosGzip(t testing.TB, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	block := make([]byte, 1<<20)
	for left := n; left > 0; left -= len(block) {
		if _, err := z.Write(block[:min(left, len(block))]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestXzNeeds: what any block of any stream asks for counts, not the first alone.
func TestXzNeeds(t *testing.T) {
	t.Parallel()
	one := stored(t, "lista.txt.xz")
	const atDictionary = 12 + 4
	greedy := bytes.Clone(one)
	greedy[atDictionary] = 40 // 4 GB
	pad := make([]byte, 8)
	for _, tt := range []struct {
		name string
		data []byte
		want int64
	}{
		{"one stream", one, 8 << 20},
		{"a second stream", bytes.Join([][]byte{one, greedy}, nil), 4 << 30},
		{"padding between", bytes.Join([][]byte{one, pad, greedy}, nil), 4 << 30},
		{"cut off", one[:40], 8 << 20},
		{"no xz behind it", append(bytes.Clone(one), "hello, world, hello"...), 8 << 20},
		{"nothing", nil, 0},
	} {
		if got, _ := xzNeeds(bytes.NewReader(tt.data)); got != tt.want {
			t.Errorf("%s: asks for %d bytes, want %d", tt.name, got, tt.want)
		}
	}
	c := parseLimits(t, attached("a.xz", append(bytes.Clone(one), greedy...)), Limits{})
	checkContent(t, c, nil, nil, []Unreadable{{"att[1]/a.xz", TooLarge, "needs more memory than the limit"}})
	c = parseLimits(t, attached("b.txt.xz", append(bytes.Clone(one), one...)), Limits{})
	checkContent(t, c, []Segment{{Where: "att[1]/b.txt.xz!b.txt", Kind: AttachmentText, Text: "i arkivet\npersonnummer 19890102-2387"}}, nil, nil)
}

func FuzzXzNeeds(f *testing.F) {
	f.Add(stored(f, "lista.txt.xz"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if n, end := xzNeeds(bytes.NewReader(b)); n < 0 || end < 0 || end > int64(len(b)) {
			t.Fatal(n)
		}
	})
}

// TestBombs: what unpacks to too much is told and not unpacked.
func TestBombs(t *testing.T) {
	t.Parallel()
	inner := zipOf(t, file{"0.txt", strings.Repeat("\x00", 4<<20)})
	nested := inner
	for range 8 {
		nested = zipOf(t, file{"a.zip", string(nested)})
	}
	var files []file
	for i := range 2000 {
		files = append(files, file{"f" + strings.Repeat("x", i%7) + string(rune('a'+i%26)) + strings.Repeat("y", i/26) + ".txt", "x"})
	}
	var tarball bytes.Buffer
	w := tar.NewWriter(&tarball)
	for _, h := range []*tar.Header{
		{Name: "../../etc/passwd", Typeflag: tar.TypeReg, Size: 3, Mode: 0o644},
		{Name: "link", Typeflag: tar.TypeSymlink, Linkname: "/etc/shadow"},
	} {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if h.Size > 0 {
			_, _ = w.Write([]byte("hej"))
		}
	}
	_ = w.Close()
	tests := []struct {
		name  string
		data  []byte
		want  []Segment
		found []Unreadable
	}{
		{"zeros.gz", zerosGzip(t, 200<<20), nil, []Unreadable{{"att[1]/zeros.gz", Ratio, "unpacks to more than the limit allows for its size"}}},
		{"zeros.zip", inner, nil, []Unreadable{{"att[1]/zeros.zip", Ratio, "unpacks to more than the limit allows for its size"}}},
		{"matryoshka.zip", nested, nil, []Unreadable{{"att[1]/matryoshka.zip!a.zip!a.zip!a.zip!a.zip!a.zip!a.zip", TooDeep, "files nested deeper than the limit"}}},
		{"many.zip", zipOf(t, files...), nil, []Unreadable{{"att[1]/many.zip", TooMany, "more files than the limit"}}},
		{"hostile.7z", []byte("7z\xbc\xaf'\x1c002\xf5\xc8})\x00\x00\x00\x00\x00\x00\x00Z\x00\x00\x00\x00\x00\x00\x00\x0f9\x8f\x99" + strings.Repeat("0", 41) + "\x01\x04\x00\x05\xa40\x00\x00"), nil,
			[]Unreadable{{"att[1]/hostile.7z", Corrupt, "the reader gave up"}}},
		{"up.zip", zipOf(t, file{"../../etc/passwd.txt", "root 890102"}), []Segment{{Where: "att[1]/up.zip!.._.._etc_passwd.txt", Kind: AttachmentText, Text: "root 890102"}}, nil},
		{"up.tar", tarball.Bytes(), []Segment{{Where: "att[1]/up.tar!.._.._etc_passwd", Kind: AttachmentText, Text: "hej"}, {Where: "att[1]/up.tar", Kind: Hidden, Text: "/etc/shadow"}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := parseLimits(t, attached(tt.name, tt.data), Limits{})
			for _, f := range tt.found {
				if !hasFinding(c, f) {
					t.Errorf("no finding %v in %v", f, c.Unreadable)
				}
			}
			for _, s := range tt.want {
				if !hasSegment(c, s) {
					t.Errorf("no segment %v", s)
				}
			}
		})
	}
}

func hasFinding(c *Content, want Unreadable) bool {
	for _, u := range c.Unreadable {
		if u == want {
			return true
		}
	}
	return false
}
