package pdf

import (
	"bytes"
	"compress/zlib"
	"encoding/ascii85"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"testing"
)

// lzwOf packs without looking for what repeats: the table grows all the same. Codes grow at a count that is early less.
func lzwOf(s string, early int) string {
	var out []byte
	bits, have, width, next := uint32(0), 0, 9, 258
	put := func(code int) {
		bits, have = bits<<width|uint32(code), have+width
		for ; have >= 8; have -= 8 {
			out = append(out, byte(bits>>(have-8)))
		}
	}
	put(256)
	for i := range len(s) {
		put(int(s[i]))
		if i > 0 {
			next++
		}
		if next+early >= 1<<width {
			width++
		}
	}
	put(257)
	return string(append(out, byte(bits<<(8-have))))
}

func flateOf(s string) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write([]byte(s))
	_ = z.Close()
	return b.String()
}

// differences writes rows as what they differ from the byte to the left.
func differences(s string, columns, colors int, png string) string {
	out := ""
	for row := 0; row < len(s); row += columns * colors {
		out += png
		line := s[row:min(len(s), row+columns*colors)]
		for i := range len(line) {
			left := byte(0)
			if i >= colors {
				left = line[i-colors]
			}
			out += string([]byte{line[i] - left})
		}
	}
	return out
}

func TestFilters(t *testing.T) {
	t.Parallel()
	plain := strings.Repeat("personnummer 890102-2387 ", 60)
	const short = "890102-2387!"
	a85 := make([]byte, ascii85.MaxEncodedLen(len(short)))
	a85 = a85[:ascii85.Encode(a85, []byte(short))]
	for _, tt := range []struct{ name, entries, data, want string }{
		{"none", "", short, short},
		{"flate", "/Filter/FlateDecode", flateOf(plain), plain},
		{"lzw", "/Filter/LZWDecode", lzwOf(plain, 1), plain},
		{"lzw, not early", "/Filter/LZW/DecodeParms<</EarlyChange 0>>", lzwOf(plain, 0), plain},
		{"lzw, in a list", "/Filter[/LZWDecode]/DecodeParms[null]", lzwOf(plain, 1), plain},
		{"runs", "/Filter/RunLengthDecode", "\x05890102\xff-\x032387\x80 behind", "890102--2387"},
		{"runs, cut off", "/Filter/RL", "\x05890102\x0a-2387", "890102-2387"},
		{"hexadecimal", "/Filter/ASCIIHexDecode", hex.EncodeToString([]byte(short)) + ">", short},
		{"letters", "/Filter/A85", string(a85) + "~>", short},
		{"both", "/Filter[/AHx/Fl]", hex.EncodeToString([]byte(flateOf(short))) + ">", short},
		{"tiff", "/Filter/FlateDecode/DecodeParms<</Predictor 2/Columns 4>>", flateOf(differences(short, 4, 1, "")), short},
		{"tiff, colors", "/Filter/FlateDecode/DecodeParms<</Predictor 2/Columns 2/Colors 3>>", flateOf(differences(short, 2, 3, "")), short},
		{"png, left", "/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 4>>", flateOf(differences(short, 4, 1, "\x01")), short},
		{"png, nothing", "/Filter/FlateDecode/DecodeParms<</Predictor 10/Columns 6>>", flateOf("\x00890102\x00-2387!"), short},
		{"png, up", "/Filter[/FlateDecode]/DecodeParms[<</Predictor 12/Columns 2>>]", flateOf("\x0289\x02\xf8\xf7"), "8900"},
		{"png, mean", "/Filter/FlateDecode/DecodeParms<</Predictor 13/Columns 2>>", flateOf("\x038\x1d\x03\x1c\x00"), "8988"},
		{"png, nearest", "/Filter/FlateDecode/DecodeParms<</Predictor 14/Columns 2>>", flateOf("\x048\x01\x04\xf8\x01"), "8901"},
		{"png, over lzw", "/Filter/LZWDecode/DecodeParms<</Predictor 12/Columns 4>>", lzwOf(differences(plain, 4, 1, "\x01"), 1), plain},
		{"png, cut off", "/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 20>>", flateOf("\x008901"), "8901"},
		{"damaged", "/Filter/FlateDecode", "x", ""},
	} {
		d, _ := (&lexer{b: []byte("<<" + tt.entries + ">>")}).value().(dict)
		r, ok := unfiltered(d, strings.NewReader(tt.data))
		if !ok {
			t.Errorf("%s: not known", tt.name)
			continue
		}
		if b, _ := io.ReadAll(r); string(b) != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, b, tt.want)
		}
	}
	for _, entries := range []string{
		"/Filter/Crypt", "/Filter 5 0 R", "/Filter/FlateDecode/DecodeParms 5 0 R", "/Filter[/FlateDecode]/DecodeParms[5 0 R]",
		"/Filter/FlateDecode/DecodeParms<</Predictor 7 0 R>>", "/Filter/FlateDecode/DecodeParms<</Predictor 2/BitsPerComponent 1>>",
		"/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 0>>", "/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 99999999>>",
		"/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 16777216/Colors 65535>>", "/Filter/FlateDecode/DecodeParms<</Predictor 5>>",
		"/Filter[" + strings.Repeat("/AHx", maxFilters+1) + "]",
	} {
		d, _ := (&lexer{b: []byte("<<" + entries + ">>")}).value().(dict)
		if _, ok := unfiltered(d, strings.NewReader(flateOf("x"))); ok {
			t.Errorf("%s: known", entries)
		}
	}
}

// TestPackedAsides: what is packed in a stream is read whatever it is packed with.
func TestPackedAsides(t *testing.T) {
	t.Parallel()
	const secret = "nr 890102-2387"
	stream := func(entries, data string) string {
		return fmt.Sprintf("<<%s/Length %d>>stream\n%s\nendstream endobj ", entries, len(data), data)
	}
	for _, tt := range []struct{ name, data string }{
		{"objects, lzw", "4 0 obj" + stream("/Type/ObjStm/N 1/First 4/Filter/LZWDecode", lzwOf("9 0 <</Title("+secret+")>>", 1))},
		{"objects, predicted", "4 0 obj" + stream("/Type/ObjStm/N 1/First 4/Filter/FlateDecode/DecodeParms<</Predictor 11/Columns 7>>", flateOf(differences("9 0 <</Title("+secret+")>>", 7, 1, "\x01")))},
		{"script, runs", "4 0 obj<</JS 5 0 R>>endobj 5 0 obj" + stream("/Filter/RunLengthDecode", "\x0d"+secret+"\x80")},
	} {
		data := "%PDF-1.7\n" + tt.data + "\n%%EOF"
		c := Carry(strings.NewReader(data), int64(len(data)), never)
		if got := strings.Join(c.Asides, "\n"); got != secret || c.Odd {
			t.Errorf("%s: %q, odd %v", tt.name, got, c.Odd)
		}
	}
}
