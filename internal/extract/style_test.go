package extract

import (
	"testing"
	"unicode/utf8"
)

func TestStyleStrings(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{`p{font-family:"Segoe UI"}`, ""},
		{`.a{justify-content:center}p{font-family:'x'}`, "x"},
		{`p:before{content:"890102-2387"}`, "890102-2387"},
		{`p::after { CONTENT : '890102' "-2387" ; }`, "890102-2387"},
		{`p:before{content:"\38 9\000030102-2387"}`, "890102-2387"},
		{`p:before{c\6fntent:"89\"01\
02"}`, "89\"0102"},
		{`p:before{content/**/:"89"}`, "89"},
		{`/* content: "no" */p:before{content:"yes"`, "yes"},
		{`p:before{content:"open`, "open"},
		{`p:before{content:"a"}q:before{content:"b"}`, "a\nb"},
		{`p:before{content:"`, ""},
		{`p:before{content:url("https://x.example/1"); background:URL( 'y')}`, ""},
		{`content:\`, ""},
	}
	for _, tt := range tests {
		if got := styleStrings(tt.in); got != tt.want {
			t.Errorf("styleStrings(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzStyleStrings(f *testing.F) {
	for _, s := range []string{`p:before{content:"\38 9"}`, "content:'\\", "content:\"a\\\n", "/*", `content:url("`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got := styleStrings(s); utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("%q is not UTF-8", got)
		}
	})
}
