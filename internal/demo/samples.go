package demo

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"

	"sigill/internal/locale"
	"sigill/internal/message"
)

// sample is a message to send with one click. Its words are in the catalog, under
// demo.sample.<id>: title, why, subject and text.
type sample struct {
	ID    string
	Level message.Level
	sheet bool // carries the salary list as a workbook
}

// samples are the five ways that a message can go.
var samples = []sample{
	{ID: "lunch", Level: message.Pass},
	{ID: "card", Level: message.Level1},
	{ID: "salary", Level: message.Level1, sheet: true},
	{ID: "referral", Level: message.Level2},
	{ID: "trigger", Level: message.Level1},
}

// letter returns a sample in the words of a language.
func (s sample) letter(p *locale.Printer) (letter, error) {
	key := "demo.sample." + s.ID
	l := letter{to: recipient, name: reader, subject: p.T(key + ".subject"), text: p.T(key + ".text")}
	if !s.sheet {
		return l, nil
	}
	data, err := workbook(p)
	if err != nil {
		return letter{}, fmt.Errorf("write workbook: %w", err)
	}
	l.files = []attachment{{p.T("demo.sheet.file"), xlsxType, data}}
	return l, nil
}

const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// workbook is a small salary list: names, accounts and salaries (made up).
func workbook(p *locale.Printer) ([]byte, error) {
	rows := [][]string{
		{p.T("demo.sheet.name"), p.T("demo.sheet.account"), p.T("demo.sheet.salary")},
		{"Anna Berg", "SE28 2567 2882 1799 4416 6025", "41 200"},
		{"Bo Ek", "DK30 6325 4549 7933 10", "38 750"},
		{"Cia Dahl", "GB09 BUKB 6551 6181 2214 82", "44 900"},
	}
	var sheet strings.Builder
	sheet.WriteString(`<?xml version="1.0" encoding="UTF-8"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	for i, row := range rows {
		fmt.Fprintf(&sheet, `<row r="%d">`, i+1)
		for k, cell := range row {
			fmt.Fprintf(&sheet, `<c r="%c%d" t="inlineStr"><is><t>%s</t></is></c>`, 'A'+k, i+1, cell)
		}
		sheet.WriteString(`</row>`)
	}
	sheet.WriteString(`</sheetData></worksheet>`)
	return pack([][2]string{
		{"[Content_Types].xml", `<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`},
		{"_rels/.rels", `<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"xl/workbook.xml", `<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="2026" sheetId="1" r:id="rId1"/></sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
		{"xl/worksheets/sheet1.xml", sheet.String()},
	})
}

func pack(files [][2]string) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.Create(f[0])
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, f[1]); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
