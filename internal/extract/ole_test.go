package extract

import (
	"encoding/binary"
	"strings"
	"testing"
)

// TestPropertiesOfOneText: properties that all point to one long string give no more text than the limit, and that is said.
func TestPropertiesOfOneText(t *testing.T) {
	t.Parallel()
	const count, long, limit = maxProperties, 10_000, 50_000
	word := binary.LittleEndian.AppendUint32
	set := word(word(nil, 0), count)
	for range count {
		set = word(word(set, 2), 8+8*count)
	}
	set = append(word(word(set, vtLPSTR), long), strings.Repeat("x", long)...)
	head := append([]byte("\xfe\xff"), make([]byte, 22)...)
	head = word(append(word(head, 1), make([]byte, 16)...), 48)
	stream := file{"\x05SummaryInformation", string(head) + string(set)}
	if n := len(strings.Join(propertyTexts([]byte(stream.text), limit), "")); n <= limit || n > limit+long {
		t.Errorf("%d bytes of text", n)
	}
	c := parseLimits(t, attached("a.doc", compound(t, file{"WordDocument", strings.Repeat("\x00", 2000)}, stream)), Limits{Text: limit})
	found := false
	for _, u := range c.Unreadable {
		found = found || u.Reason == TooLarge
	}
	if !found {
		t.Errorf("findings %v", c.Unreadable)
	}
}
