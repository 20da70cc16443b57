package extract

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestCoveredPages: a page that is a picture with a few words is a scan. One with text on a picture is none; where pictures are
// read, its picture is too.
func TestCoveredPages(t *testing.T) {
	t.Parallel()
	stream := func(entries, data string) string {
		return fmt.Sprintf("<<%s/Length %d>>stream\n%s\nendstream", entries, len(data), data)
	}
	const (
		few  = "BT /F 12 Tf 72 20 Td (Skannat med Skannern sida 1) Tj ET "
		full = "q 612 0 0 792 0 0 cm /I Do Q "
	)
	many := "BT /F 12 Tf 72 700 Td (" + strings.Repeat("ord ", 30) + ") Tj ET "
	strips := ""
	for i := range 33 {
		strips += fmt.Sprintf("q 612 0 0 24 0 %d cm /I Do Q ", i*24)
	}
	for _, tt := range []struct {
		name, content string
		only, read    bool // without reading pictures and with it
	}{
		{"scan with a footer", full + few, true, true},
		{"footer below the scan", few + full, true, true},
		{"scan in strips", strips + few, true, true},
		{"scan between margins", "q 460 0 0 650 76 76 cm /I Do Q " + few, true, true},
		{"scan on its side", "q 0 792 -612 0 612 0 cm /I Do Q " + few, true, true},
		{"scan in a form", "q .5 0 0 .5 0 0 cm /X Do Q " + few, true, true},
		{"logo in a form", "q .1 0 0 .1 0 0 cm /X Do Q " + few, false, false},
		{"text on a picture", full + many, false, true},
		{"text over a scan", full + "3 Tr " + many, false, true},
		{"logo", "q 100 0 0 50 0 700 cm /I Do Q " + few, false, false},
		{"photo across the page", "q 460 0 0 345 76 300 cm /I Do Q " + few, false, false},
		{"text", many, false, false},
		{"few words", few, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			data := madePDF(
				"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
				"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources 8 0 R>>", stream("", tt.content),
				"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", stream("/Type/XObject/Subtype/Image/Width 2/Height 2/ColorSpace/DeviceGray/BitsPerComponent 8", "\x00\xff\xff\x00"),
				stream("/Type/XObject/Subtype/Form/BBox[0 0 1224 1584]/Resources 8 0 R", "q 1224 0 0 1584 0 0 cm /I Do Q"),
				"<</Font<</F 5 0 R>>/XObject<</I 6 0 R/X 7 0 R>>>>")
			u := Unreadable{"att[1]/a.pdf!page[1]", ImageOnly, pageWithFew}
			var found []Unreadable
			pictures := map[string]Unreadable{}
			if tt.only {
				found = append(found, u)
			} else {
				u = Unreadable{}
			}
			if tt.read {
				pictures["att[1]/a.pdf!page[1]!ocr"] = u
			}
			checkContent(t, parsePDF(t, "a.pdf", data, Limits{}), nil, nil, found)
			c := parsePDF(t, "a.pdf", data, withPictures())
			if diff := cmp.Diff(pictures, picturesIn(c), cmpopts.EquateEmpty()); diff != "" || len(c.Unreadable) > 0 {
				t.Errorf("findings %v, pictures:\n%s", c.Unreadable, diff)
			}
			for _, room := range []int{1, 2} { // what stands behind text takes no place from what stands instead of it
				lim := withPictures()
				lim.Pictures.Count = room
				c = parsePDF(t, "a.pdf", data, lim)
				if got := len(c.Pictures) == 1; got != (tt.read && (tt.only || room > 1)) || len(c.Unreadable) > 0 {
					t.Errorf("room for %d: %v, %v", room, c.Pictures, c.Unreadable)
				}
			}
		})
	}
}
