package extract

import (
	"encoding/binary"
	"strings"
	"testing"
)

// biffOf is a record of a BIFF stream.
func biffOf(kind int, data string) string {
	b := binary.LittleEndian.AppendUint16(nil, uint16(kind))
	return string(binary.LittleEndian.AppendUint16(b, uint16(len(data)))) + data
}

// workbookOf is a workbook of one sheet: records of the workbook itself, records of the sheet.
func workbookOf(version int, book, sheet string) string {
	bof := func(kind byte) string {
		return biffOf(biffBOF, string([]byte{0, byte(version >> 8), kind, 0})+strings.Repeat("\x00", 12))
	}
	return bof(5) + book + biffOf(biffEOF, "") + bof(0x10) + sheet + biffOf(biffEOF, "")
}

// TestOldExcelPlaces: text beside the cells of a workbook (MS-XLS 2.4), and texts of cells in every shape.
func TestOldExcelPlaces(t *testing.T) {
	t.Parallel()
	const biff5, biff8, cellA1 = 0x0500, 0x0600, "\x00\x00\x00\x00\x00\x00"
	n := string(rune(len(secret)))
	long, short := n+"\x00\x00"+secret, n+"\x00"+secret
	text := biffOf(biffLabel, cellA1+"\x03\x00\x00hej")
	formula := func(tokens string) string {
		return biffOf(biffFormula, cellA1+strings.Repeat("\x00", 14)+string([]byte{byte(len(tokens)), 0})+tokens)
	}
	asText := biffOf(biffFormula, cellA1+"\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x00\x00\x00\x00\x03\x00\x1e\x01\x00")
	half := len(secret) / 2
	name := func(name, tokens string) string {
		return biffOf(biffName, "\x00\x00\x00"+string([]byte{byte(len(name)), byte(len(tokens)), 0})+strings.Repeat("\x00", 8)+"\x00"+name+tokens)
	}
	header := func(code string) string { return string([]byte{byte(len(code)), 0, 0}) + code }
	for _, tt := range []struct {
		name        string
		version     int
		book, sheet string
	}{
		{"header behind a code", biff8, "", biffOf(biffHeader, header("&C"+secret))},
		{"header with a code in it", biff8, "", biffOf(biffFooter, header("&C8901&B02-2387"))},
		{"header of Excel 95", biff5, "", biffOf(biffHeader, string([]byte{byte(len(secret) + 2)})+"&C"+secret)},
		{"header of first pages", biff8, "", biffOf(biffPages, strings.Repeat("\x00", 28)+"\x00\x00"+"\x00\x00\x00\x00"+string([]byte{byte(len(secret) + 2), 0})+"\x00\x00"+header("&C"+secret))},
		{"note of Excel 95", biff5, "", biffOf(biffNote, "\x00\x00\x00\x00"+n+"\x00"+secret)},
		{"note of Excel 95 that goes on", biff5, "", biffOf(biffNote, "\x00\x00\x00\x00"+n+"\x00"+secret[:half]) + biffOf(biffNote, "\xff\xff\x00\x00\x05\x00"+secret[half:])},
		{"author of a note", biff8, "", biffOf(biffNote, "\x00\x00\x00\x00\x00\x00\x01\x00"+long)},
		{"drawing of Excel 95", biff5, "", biffOf(biffObject, strings.Repeat("\x00", 40)+secret+"\x00")},
		{"title of a chart", biff8, "", biffOf(biffSeries, "\x00\x00"+short)},
		{"tool tip", biff8, "", biffOf(biffTip, strings.Repeat("\x00", 10)+wide(secret))},
		{"list to choose from", biff8, "", biffOf(biffInput, "\x03\x00\x00\x00"+strings.Repeat("\x01\x00\x00\x00", 4)+"\x11\x00\x00\x00\x17"+string(rune(len(secret)+2))+"\x00a\x00"+secret)},
		{"name", biff8, name(secret, "\x1e\x01\x00"), ""},
		{"constant with a name", biff8, name("abc", "\x17"+short), ""},
		{"put together under a name", biff8, name("abc", "\x17\x06\x00890102\x17\x05\x00-2387\x08"), ""},
		{"put together in a formula", biff8, "", formula("\x1e\x5c\x03\x17\x08\x00102-2387\x08")},
		{"put together in a formula, twice", biff8, "", formula("\x17\x03\x00890\x17\x03\x00102\x08\x17\x05\x00-2387\x08\x15")},
		{"text of a formula that goes on", biff8, "", asText + biffOf(biffString, n+"\x00\x00"+secret[:half]) + biffOf(biffContinue, "\x01"+wide(secret[half:]))},
		{"more strings than counted", biff8, biffOf(biffSST, "\x01\x00\x00\x00\x00\x00\x00\x00"+long), biffOf(biffLabelSST, cellA1+"\x00\x00\x00\x00")},
		{"format of Excel 95", biff5, biffOf(biffFormat, "\xa4\x00"+string([]byte{byte(len(secret) + 2)})+`"`+secret+`"`), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			stream, sheet := "Workbook", text+tt.sheet
			if tt.version == biff5 {
				stream, sheet = "Book", tt.sheet
			}
			c := parseLimits(t, attached("a.xls", compound(t, file{stream, workbookOf(tt.version, tt.book, sheet)})), Limits{})
			want := secret
			if strings.HasPrefix(tt.name, "put together in a formula") && !strings.HasSuffix(tt.name, "twice") {
				want = "860102-2387"
			}
			checkHeld(t, c, want)
		})
	}
}

// TestOldExcelStreams: workbooks for two versions in one file, and what pivot tables keep of their source.
func TestOldExcelStreams(t *testing.T) {
	t.Parallel()
	const cellA1 = "\x00\x00\x00\x00\x00\x00"
	book := func(s string) string {
		return workbookOf(0x0600, "", biffOf(biffLabel, cellA1+string([]byte{byte(len(s)), 0, 0})+s))
	}
	for _, tt := range []struct {
		name  string
		files []file
	}{
		{"two versions", []file{{"Workbook", book("hej")}, {"Book", book(secret)}}},
		{"pivot table", []file{{"Workbook", book("hej")}, {"_SX_DB_CUR/0001", biffOf(biffCached, string([]byte{byte(len(secret)), 0, 0})+secret)}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkHeld(t, parseLimits(t, attached("a.xls", compound(t, tt.files...)), Limits{}), secret)
		})
	}
}

// TestOldExcelLateStyles: in a damaged workbook, styles and formats stand behind cells that use them.
func TestOldExcelLateStyles(t *testing.T) {
	t.Parallel()
	number := func(col, style byte) string {
		return biffOf(biffRK, string([]byte{0, 0, col, 0, style, 0})+"\x02\x00\x00\x00")
	}
	xf := biffOf(biffXF, "\x00\x00\xa4\x00")
	code := `"` + secret + `"`
	sheet := xf + number(0, 0) + xf + number(1, 1) + biffOf(biffFormat, "\xa4\x00"+string([]byte{byte(len(code)), 0, 0})+code) + number(2, 1)
	c := parseLimits(t, attached("a.xls", compound(t, file{"Workbook", workbookOf(0x0600, "", sheet)})), Limits{})
	want := Segment{Where: "att[1]/a.xls", Kind: AttachmentText, Text: "0\t0\t" + secret}
	if !hasSegment(c, want) || len(c.Unreadable) > 0 {
		t.Error(dump(c))
	}
}
