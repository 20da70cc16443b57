package pdf

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// made is a file with these objects, the first of which is its catalog.
func made(objects ...string) []byte {
	b, table := bytes.NewBufferString("%PDF-1.7\n"), "0000000000 65535 f \n"
	for i, o := range objects {
		table += fmt.Sprintf("%010d 00000 n \n", b.Len())
		fmt.Fprintf(b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	at := b.Len()
	fmt.Fprintf(b, "xref\n0 %d\n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table, len(objects)+1, at)
	return b.Bytes()
}

// stream is a stream with these entries in its dictionary.
func stream(entries, data string) string {
	return fmt.Sprintf("<<%s/Length %d>>stream\n%s\nendstream", entries, len(data), data)
}

// manyPages has a note on every third page, a picture for the eighth, and nothing where the eleventh should be.
func manyPages(n int) []byte {
	objects := []string{"<</Type/Catalog/Pages 2 0 R>>", "", "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
		stream("/Type/XObject/Subtype/Image/Width 1/Height 1/BitsPerComponent 8/ColorSpace/DeviceGray", "x")}
	var kids strings.Builder
	add := func(o string) int {
		objects = append(objects, o)
		return len(objects)
	}
	for i := range n {
		content, more := fmt.Sprintf("BT /F 12 Tf 20 700 Td (page %d 640823-3234) Tj ET", i), ""
		switch {
		case i%3 == 0:
			look := add(stream("/Type/XObject/Subtype/Form/BBox[0 0 200 20]/Resources<</Font<</F 3 0 R>>>>", fmt.Sprintf("BT /F 12 Tf 2 2 Td (stamp %d) Tj ET", i)))
			more = fmt.Sprintf("/Annots[<</Type/Annot/Subtype/FreeText/Rect[20 20 220 40]/F 4/Contents(note %d)/AP<</N %d 0 R>>>>]", i, look)
		case i == 7:
			content = "100 0 0 100 0 0 cm /I Do"
		case i == 10:
			fmt.Fprint(&kids, "999 0 R ")
			continue
		}
		text := add(stream("", content))
		fmt.Fprintf(&kids, "%d 0 R ", add(fmt.Sprintf(
			"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F 3 0 R>>/XObject<</I 4 0 R>>>>/Contents %d 0 R%s>>", text, more)))
	}
	objects[1] = fmt.Sprintf("<</Type/Pages/Count %d/Kids[%s]>>", n, kids.String())
	return made(objects...)
}

func pagesOf(t *testing.T, d *Document) (all []*Page, damaged []int) {
	t.Helper()
	n, err := d.Pages()
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		p, err := d.Page(i)
		if err != nil {
			damaged = append(damaged, i)
		}
		all = append(all, p)
	}
	return all, damaged
}

// TestAhead: pages that are read ahead are what they are when they are read one after the other.
func TestAhead(t *testing.T) {
	t.Parallel()
	data := manyPages(30)
	open := func(again bool) *Document {
		d, err := Default().Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(d.Close)
		if !again {
			d.again = nil
		}
		return d
	}
	want, damaged := pagesOf(t, open(false))
	if len(want) != 30 || len(damaged) != 1 || !want[7].Picture || !strings.Contains(want[6].Text, "stamp 6") || want[29].Text != "page 29 640823-3234" {
		t.Fatalf("%d pages, damaged %v, %+v", len(want), damaged, want[6])
	}
	got, alsoDamaged := pagesOf(t, open(true))
	if diff := cmp.Diff(want, got) + cmp.Diff(damaged, alsoDamaged); diff != "" {
		t.Error(diff)
	}
}

// TestAheadLeft: a document may be closed while pages are read ahead.
func TestAheadLeft(t *testing.T) {
	t.Parallel()
	data := manyPages(30)
	for i := range 5 {
		d, err := Default().Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for k := range i {
			if _, err := d.Page(k); err != nil {
				t.Error(err)
			}
		}
		d.Close()
	}
}
