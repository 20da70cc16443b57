package extract

import (
	"encoding/binary"
	"strings"
	"testing"
)

// holds says whether any segment has the text.
func holds(c *Content, text string) bool {
	for _, s := range c.Segments {
		if strings.Contains(s.Text, text) {
			return true
		}
	}
	return false
}

// checkHeld looks for a text in any segment and for exactly the findings.
func checkHeld(t *testing.T, c *Content, text string, found ...Unreadable) {
	t.Helper()
	if text != "" && !holds(c, text) {
		t.Errorf("no %q", text)
	}
	checkContent(t, c, nil, nil, found)
}

// propsOf writes a list of properties (MS-OXTNEF 2.1.3.4) of one value each: tag, value.
func propsOf(props ...any) string {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(props)/2))
	for i := 0; i < len(props); i += 2 {
		v := props[i+1].(string)                                            //nolint:forcetypeassert // written below
		out = binary.LittleEndian.AppendUint32(out, uint32(props[i].(int))) //nolint:forcetypeassert // written below
		out = binary.LittleEndian.AppendUint32(out, 1)
		out = binary.LittleEndian.AppendUint32(out, uint32(len(v)))
		out = append(out, v+strings.Repeat("\x00", (4-len(v)%4)%4)...)
	}
	return string(out)
}

// rawRTF is RTF as MS-OXRTFCP keeps it without compression, with a size of its own.
func rawRTF(size int, text string) string {
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(text)+12))
	out = binary.LittleEndian.AppendUint32(out, uint32(size))
	out = binary.LittleEndian.AppendUint32(out, rtfRaw)
	return string(append(out, "\x00\x00\x00\x00"+text...))
}

// packedRTF is RTF as MS-OXRTFCP keeps it with compression, of literals alone, with a size of its own.
func packedRTF(size int, text string) string {
	var out []byte
	end := uint16((len(rtfDictionary)+len(text))%4096) << 4
	for ; len(text) >= 8; text = text[8:] {
		out = append(append(out, 0), text[:8]...)
	}
	out = append(append(out, 1<<len(text)), text...)
	out = binary.BigEndian.AppendUint16(out, end)
	head := binary.LittleEndian.AppendUint32(nil, uint32(len(out)+12))
	head = binary.LittleEndian.AppendUint32(head, uint32(size))
	head = binary.LittleEndian.AppendUint32(head, rtfPacked)
	return string(append(append(head, 0, 0, 0, 0), out...))
}

func TestWinmailPlaces(t *testing.T) {
	t.Parallel()
	const (
		title, body, file = 0x00018004, 0x0002800c, 2
		data, name, props = 0x0006800f, 0x00018010, 0x00069003
		begin, fileProps  = 0x00069002, 0x00069005
		rendered          = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		longer            = "a text that is longer than the other one"
		interfaceID       = "0123456789abcdef"
	)
	carries := func(s string) string { return propsOf(0x10090102, rawRTF(len(s), s)) }
	package1 := compound(t, file8("\x01Ole10Native", secret))
	tests := []struct {
		name  string
		data  []byte
		found []Unreadable
	}{
		{"attribute and a longer property", tnefOf(1, body, secret, 1, props, propsOf(0x1000001f, wide(longer))), nil},
		{"two bodies", tnefOf(1, body, secret, 1, body, longer), nil},
		{"two subjects", tnefOf(1, title, secret, 1, title, longer), nil},
		{"two HTML bodies", tnefOf(1, props, propsOf(0x10130102, "<p>"+secret, 0x10130102, "<p>"+longer)), nil},
		{"two lists of properties", tnefOf(1, props, propsOf(0x1000001f, wide(secret)), 1, props, propsOf(0x1000001f, wide(longer))), nil},
		{"recipients", tnefOf(1, 0x00069004, "\x01\x00\x00\x00"+propsOf(0x3001001e, secret)), nil},
		{"sender", tnefOf(1, 0x00008000, "\x04\x00\x20\x00\x0c\x00\x0c\x00"+secret+"\x00SMTP:kim@ekman.example\x00"), nil},
		{"sent for", tnefOf(1, 0x00060001, "\x0b\x00"+secret+"\x00\x03\x00SMT"), nil},
		{"raw RTF of size 0", tnefOf(1, props, propsOf(0x10090102, rawRTF(0, `{\rtf1 `+secret+`}`))), nil},
		{"packed RTF of size 0", tnefOf(1, props, propsOf(0x10090102, packedRTF(0, `{\rtf1 `+secret+`}`))), nil},
		{"HTML in RTF", tnefOf(1, props, carries(`{\rtf1\fromhtml1 8901{\*\htmltag64 <b>}02-{\*\htmltag72 </b>}2387}`)), nil},
		{"text in tags of HTML in RTF", tnefOf(1, props, carries(`{\rtf1\fromhtml1 {\*\htmltag64 <p>8901}{\*\htmltag64 02-2387}}`)), nil},
		{"entity of HTML in RTF", tnefOf(1, props, carries(`{\rtf1\fromhtml1 8901{\*\htmltag84 &#48;}\htmlrtf 9\htmlrtf0 2-2387}`)), nil},
		{"name of a file", tnefOf(file, begin, rendered, file, 0x00069001, secret, file, data, "hej"), nil},
		{"two names of a file", tnefOf(file, begin, rendered, file, name, secret, file, data, "hej", file, fileProps, propsOf(0x3707001e, longer)), nil},
		{"two contents of a file", tnefOf(file, begin, rendered, file, data, secret, file, fileProps, propsOf(0x37010102, longer)), nil},
		{"document behind its interface", tnefOf(file, begin, rendered, file, fileProps, propsOf(0x3701000d, interfaceID+string(package1))), nil},
		{"more properties than counted", tnefOf(1, props, "\x00\x00\x00\x00"+propsOf(0x1000001f, wide(secret))[4:]), []Unreadable{{"att[1]/winmail.dat", Corrupt, "damaged winmail.dat"}}},
		{"EBCDIC", tnefOf(1, 0x00069007, "\xf4\x01\x00\x00\x00\x00\x00\x00", 1, body, "\xf8\xf9\xf0\xf1"), []Unreadable{{"att[1]/winmail.dat", Unsupported, "cannot read text in this code page"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := secret
			if tt.found != nil {
				want = ""
			}
			checkHeld(t, parseLimits(t, attached("winmail.dat", tt.data), Limits{}), want, tt.found...)
		})
	}
}

// file8 is a stream that holds a text as a file dropped into a document (MS-OLEDS 2.3.6).
func file8(name, text string) file {
	b := "\x02\x00a.txt\x00C:\\a.txt\x00\x00\x00\x03\x00\x09\x00\x00\x00C:\\a.txt\x00"
	b += string(binary.LittleEndian.AppendUint32(nil, uint32(len(text)))) + text
	return file{name, string(binary.LittleEndian.AppendUint32(nil, uint32(len(b)))) + b}
}

// TestOutlookMessagePlaces: case does not count in the names of a compound file (MS-CFB 2.6.4).
func TestOutlookMessagePlaces(t *testing.T) {
	t.Parallel()
	csv := "namn;nr\n" + strings.Repeat("Kim;"+secret+"\n", 300)
	head := file{"__properties_version1.0", strings.Repeat("\x00", 32)}
	body := file{"__substg1.0_1000001F", wide("hej, det finns en bilaga")}
	ebcdic := strings.Repeat("\x00", 32) + "\x03\x00\xde\x3f\x06\x00\x00\x00\xf4\x01\x00\x00\x00\x00\x00\x00"
	for _, tt := range []struct {
		name  string
		files []file
		found []Unreadable
	}{
		{"body in two types", []file{head, body, {"__substg1.0_1000001E", secret}}, nil},
		{"body in capitals", []file{head, {"__SUBSTG1.0_1000001F", wide(secret)}}, nil},
		{"attachment in capitals", []file{head, body, {"__ATTACH_VERSION1.0_#00000000/__substg1.0_3707001F", wide("a.csv")}, {"__ATTACH_VERSION1.0_#00000000/__SUBSTG1.0_37010102", csv}}, nil},
		{"packed RTF of size 0", []file{head, body, {"__substg1.0_10090102", packedRTF(0, `{\rtf1 `+secret+`}`)}}, nil},
		{"HTML in EBCDIC", []file{{"__properties_version1.0", ebcdic}, {"__substg1.0_10130102", secret}}, []Unreadable{{"att[1]/a.msg", Unsupported, "cannot read text in this code page"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkHeld(t, parseLimits(t, attached("a.msg", compound(t, tt.files...)), Limits{}), secret, tt.found...)
		})
	}
}
