package extract

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// Fonts of symbols have their characters at U+F020 to U+F0FF (ECMA-376 part 1, 17.3.3.30). In most of them digits, dashes and
// Latin letters or the Greek ones like them stand where ASCII has its own.
const (
	symbolsFrom = 0xF020
	symbolsTo   = 0xF07E
	symbolsBase = 0xF000
)

// pictorial says whether a font has pictures in place of letters and digits.
func pictorial(font string) bool {
	font = strings.ToLower(font)
	return strings.Contains(font, "dings") || strings.Contains(font, "marlett")
}

// symbol is what a character that is named by its number shows, or "" if that is no text.
func symbol(font, char string) string {
	n, err := strconv.ParseUint(char, 16, 21)
	switch {
	case err == nil && pictorial(font) && circled(rune(n)) != 0:
		return string(circled(rune(n)))
	case err != nil || pictorial(font) || n > symbolsTo && n < 0xF900 && n >= 0xE000 || n < ' ' || n > 0x10FFFF || n >= 0xD800 && n < 0xE000:
		return ""
	case n >= symbolsFrom && n <= symbolsTo:
		n -= symbolsBase
	}
	return string(rune(n))
}

// circled is the digit that Wingdings shows in a circle, white or black; 0 for all other characters.
func circled(r rune) rune {
	const white, black = 0xF080, 0xF08B
	switch {
	case r >= white && r <= white+9:
		return '0' + r - white
	case r >= black && r <= black+9:
		return '0' + r - black
	}
	return 0
}

// fromPictures reads the digits in a text set in pictures.
func fromPictures(s string) string {
	if !strings.Contains(s, "\xEF\x82") {
		return s
	}
	return strings.Map(func(r rune) rune {
		if c := circled(r); c != 0 {
			return c
		}
		return r
	}, s)
}

// fromSymbols undoes the places of symbols in a text.
func fromSymbols(s string) string {
	if !strings.Contains(s, "\xEF\x80") && !strings.Contains(s, "\xEF\x81") {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= symbolsFrom && r <= symbolsTo {
			return r - symbolsBase
		}
		return r
	}, s)
}

// font notes whether a run is set in pictures.
func (d *paragraphs) font(attrs []xml.Attr) {
	if !d.run || !d.looks {
		return
	}
	for i := range attrs {
		switch attrs[i].Name.Local {
		case "ascii", "hAnsi", "typeface":
			d.pictures = d.pictures || pictorial(attrs[i].Value)
		}
	}
}

// startOverride begins text whose direction is set (17.3.2.3), by the character that does so in plain text.
func (d *paragraphs) startOverride(val string) {
	if len(d.overrides) >= maxLevels {
		d.deeper++
		return
	}
	control := "" // left to right is how numbers are shown anyway
	switch {
	case strings.EqualFold(val, "rtl"):
		control = reverseOn
	case len(d.overrides) > 0:
		control = "\u202d"
	}
	d.overrides = append(d.overrides, control)
	d.put(control)
}

// endOverride ends it: what is around it goes on in its own direction.
func (d *paragraphs) endOverride() {
	n := len(d.overrides) - 1
	switch {
	case d.deeper > 0:
		d.deeper--
		return
	case n < 0:
		return
	}
	if d.overrides[n] != "" {
		d.put(reverseOff)
	}
	d.overrides = d.overrides[:n]
	if n > 0 && d.overrides[n-1] == reverseOn {
		d.put(reverseOn)
	}
}
