package classify

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestNormalise(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"ascii", "Hej 850412-2384", "Hej 850412-2384"},
		{"line ends", "a\r\nb\rc\u2028d\u0085e", "a\nb\nc\nd\ne"},
		{"soft hyphen", "person\u00adnummer", "personnummer"},
		{"zero width", "85\u200b04\u200d12", "850412"},
		{"no-break space", "890102\u00a02387", "890102 2387"},
		{"thin and ideographic space", "a\u2009b\u3000c", "a b c"},
		{"dashes", "1\u20102\u20113\u20124\u20135\u22126\uff0d7\ufe638", "1-2-3-4-5-6-7-8"},
		{"decomposed", "sa\u0308ker A\u030a", "säker Å"},
		{"mark after format character", "a\u00ad\u0308", "ä"},
		{"full width", "\uff18\uff15\uff10", "850"},
		{"arabic digits", "\u0661\u0662\u0663", "123"},
		{"mathematical digits", "\U0001d7d8\U0001d7ff", "09"},
		{"superscript", "x\u00b2", "x2"},
		{"ligature", "o\ufb03ce", "office"},
		{"long s", "\u017fa", "sa"},
		{"quotes", "> > a\n>b\n| c\n|d", "a\nb\nc\n|d"},
		{"full-width quote mark", "\uff1e a", "a"},
		{"broken utf-8", "a\xffb", "a\ufffdb"},
		{"what looks like a dash", "1\u27962\u20433\u02d74\u05be5\u27966", "1-2-3-4-5-6"},
		{"lines between digits", "890102\u30fc2387 890102\uff702387 890102\u2500\uff12387 1\u4e002", "890102-2387 890102-2387 890102-2387 1-2"},
		{"lines elsewhere", "ス\u30fcパ\u30fc2 2\u30fcス 1\u30fc\u30fc2", "ス\u30fcパ\u30fc2 2\u30fcス 1\u30fc\u30fc2"},
		{"line between digits and invisible signs", "8\u200b\u30fc\u00ad\uff12\u30fc\u200b3\u30fc\u0336\u200b4", "8-2-3-4"},
		{"keycaps", "8\ufe0f\u20e39\u20e3\u27960\ufe0f\u20e3", "89-0"},
		{"drawn digits", "\u277d\u277e\u24ff\u2787\u2788\u247b\u247c\u248f\u2490\u24f5\u2792\U0001f10b\U0001f102\U0001ccf0\U0001ccf9", "890898989190109"},
		{"crossed out", "8\u03369\u0336\u03320\u0336-\u03361\u0336 \u03362\u034f3\u034f", "890-1 23"},
		{"other digits crossed out", "\uff18\u0336\u0669\u0336\u277d\u0336x", "898x"},
		{"many marks on a digit", "8" + strings.Repeat("\u0301\u0316", 40) + "9", "89"},
		{"marks of letters", "e\u0301 \u05d0\u05b7 \u0915\u093f n\u0336", "é \u05d0\u05b7 \u0915\u093f n\u0336"},
		{"joined graphemes", "per\u034fson a\u034f\u0308", "person ä"},
		{"tab kept", "a\tb", "a\tb"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := Normalise(tt.in); got != tt.want {
				t.Errorf("Normalise(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

// TestPlain holds the fast path against the Unicode tables.
func TestPlain(t *testing.T) {
	t.Parallel()
	for r := rune(utf8.RuneSelf); r < 0x3000; r++ {
		if !plain(r) {
			continue
		}
		s := string(r)
		if p := norm.NFKC.PropertiesString(s); !p.BoundaryBefore() {
			t.Errorf("%U joins what stands before it", r)
		}
		if !norm.NFKC.IsNormalString(s) {
			t.Errorf("%U is not in normal form", r)
		}
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"SÄKER": "säker", "Straße": "strasse", "STRASSE": "strasse", "STRA\u1e9eE": "strasse", "\u0130ran": "iran", "ÅÄÖ×Þß": "åäö×þss", "ΣΑΣς": "σασσ",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestOriginal(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, find, want string }{
		{"pnr 89\u200b0102\u20112387.", "890102-2387", "89\u200b0102\u20112387"},
		{"> > a 12\r\n> 34", "34", "34"},
		{"\uff18\uff15 x", "85", "\uff18\uff15"},
		{"sa\u0308ker", "säker", "sa\u0308ker"},
		{"nr 890102\u30fc2387.", "890102-2387", "890102\u30fc2387"},
		{"\u30fc8\u0336\u30fc\u0336\uff19\u20e3x", "8-9", "8\u0336\u30fc\u0336\uff19\u20e3"},
	}
	for _, tt := range tests {
		var x Text
		x.Reset([]byte(tt.in))
		at := strings.Index(string(x.norm), tt.find)
		if at < 0 {
			t.Fatalf("%q is not in %q", tt.find, x.norm)
		}
		from, to := x.Original(at, at+len(tt.find))
		if got := tt.in[from:to]; got != tt.want {
			t.Errorf("original of %q in %q = %q, want %q", tt.find, tt.in, got, tt.want)
		}
	}
}

func FuzzNormalise(f *testing.F) {
	for _, s := range []string{
		"Hej 850412-2384", "a\u0308\u00ad\u0301", "> > x\r\n| y\r", "\uff1e\u0338", ">\u0338 a", "\u1100\u1161\u11a8", "\xff\xfe\u00a8", "\u0130\u1e9e",
		"1\u20e3\ufe0f", strings.Repeat("a\u0301\u0316", 40), "\u00b4\u0338>", "\n>\u00ad> x", "\u0958\u0d4b",
		"8\u30fc\u0336\u200b2", "8\ufe0f\u20e3\u2796\u277d\u0336", "8 \u0336\u302e\u0316", "1\u30fc\u30992", "8\u4e00\u034f\r\n>9", "a" + strings.Repeat("\u0301\u034f\u0316", 40),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var x Text
		x.Reset([]byte(s))
		once := string(x.norm)
		if !utf8.ValidString(once) {
			t.Fatalf("not UTF-8: %q", once)
		}
		if len(x.fold) != len(x.norm) {
			t.Fatalf("folded text has %d bytes, want %d", len(x.fold), len(x.norm))
		}
		last := 0
		for p := 0; p <= len(once); p++ {
			from, to := x.Original(p, len(once))
			if from < last || from > len(s) || to != len(s) && len(once) > 0 {
				t.Fatalf("%q: offset %d maps to %d..%d after %d of %d", s, p, from, to, last, len(s))
			}
			last = from
		}
		if twice := Normalise(once); twice != once {
			t.Fatalf("not idempotent: %q, then %q", once, twice)
		}
	})
}

func BenchmarkNormalise(b *testing.B) {
	text := []byte(strings.Repeat("Hej, här kommer underlaget för mötet på tisdag. Vänligen återkom senast fredag.\r\n", 12500))
	var x Text
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		x.Reset(text)
	}
}
