package extract

import "testing"

func TestBackwards(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in, want string
		matters  bool
	}{
		{"plain", "", false},
		{"nr \u202e7832-201098\u202c slut", "890102-2387\n", true},
		{"\u202e7832-201098\r\nnext", "890102-2387\n", true},
		{"\u202e21\u202e43", "12\n34\n", true},
		{"\u202eåä", "äå\n", true},
		{"\u202e\u202c\u202ex", "\nx\n", false},
		{"ring \u202d+46 70 000 00 00\u202c, \u202a1\u202c, \u200f\u05e9\u05dc\u05d5\u05dd", "", false},
	}
	for _, tt := range tests {
		if got, matters := backwards(tt.in); got != tt.want || matters != tt.matters {
			t.Errorf("backwards(%q) = %q, %v; want %q, %v", tt.in, got, matters, tt.want, tt.matters)
		}
	}
}

// TestReversed holds that both orders are given out, wherever the text stands.
func TestReversed(t *testing.T) {
	t.Parallel()
	const want = "890102-2387"
	tests := []struct{ name, msg, where string }{
		{"subject", "Subject: =?utf-8?q?=E2=80=AE7832-201098?=\n\n", "subject"},
		{"text", "Content-Type: text/plain; charset=utf-8\n\nnr \u202e7832-201098\u202c.", "body/text"},
		{"markup", "Content-Type: text/html\n\n<p>nr &#x202e;7832-<b>201098</b>&#x202c;.", "body/html"},
		{"element", "Content-Type: text/html\n\n<p>nr <bdo dir=RTL>7832-<b>201098</b></bdo>.", "body/html"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkContent(t, parseString(t, tt.msg), []Segment{{Where: tt.where, Kind: Hidden, Text: want}}, nil,
				[]Unreadable{{tt.where, Ambiguous, "text shown backwards"}})
		})
	}
}

func TestOverrideByStyle(t *testing.T) {
	t.Parallel()
	for style, want := range map[string]string{
		"unicode-bidi:bidi-override;direction:rtl":          "text shown backwards",
		"DIRECTION: RTL; unicode-bidi : isolate-override":   "text shown backwards",
		"direction:rtl;unicode-bidi:embed":                  "",
		"direction:ltr;unicode-bidi:bidi-override;color:#f": "",
	} {
		if got := walkHTML([]byte(`<p style="` + style + `">7832-201098</p>`)).Unsure; got != want {
			t.Errorf("%s: %q, want %q", style, got, want)
		}
	}
	if got := walkHTML([]byte("<bdo dir=ltr>890102</bdo>")); got.Text != "890102" {
		t.Errorf("text = %q", got.Text)
	}
}
