package locale

import (
	"fmt"
	"strconv"
	"strings"
)

// maxWord is the highest number that has a word.
const maxWord = 20

// Word returns a number in letters up to twenty, and in digits above.
func (p *Printer) Word(n int) string {
	if n < 0 || n > maxWord {
		return p.Int(int64(n))
	}
	return p.T("number." + strconv.Itoa(n))
}

// Int returns a whole number with the language's mark between thousands.
func (p *Printer) Int(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if s[0] == '-' {
		sign, s = "-", s[1:]
	}
	first := len(s) % 3
	var b strings.Builder
	b.WriteString(sign + s[:first])
	for i := first; i < len(s); i += 3 {
		if i > 0 {
			b.WriteString(p.thousands())
		}
		b.WriteString(s[i : i+3])
	}
	return b.String()
}

func (p *Printer) thousands() string {
	switch p.words.lang {
	case "sv":
		return nbsp
	case "nl":
		return "."
	}
	return ","
}

func (p *Printer) decimal() string {
	if p.words.lang == "en" {
		return "."
	}
	return ","
}

// Size returns a number of octets for people, in powers of ten: 141 kB, 1,4 MB.
func (p *Printer) Size(octets int64) string {
	if octets < 1000 {
		return p.Int(octets) + nbsp + "B"
	}
	value, unit := float64(octets), ""
	for _, unit = range []string{"kB", "MB", "GB", "TB"} {
		value /= 1000
		if value < 999.5 {
			break
		}
	}
	if value >= 9.95 || unit == "kB" {
		return fmt.Sprintf("%.0f", value) + nbsp + unit
	}
	s := strings.TrimSuffix(fmt.Sprintf("%.1f", value), ".0")
	return strings.Replace(s, ".", p.decimal(), 1) + nbsp + unit
}

// List joins names as a sentence does: Anna, Bo och Cia.
func (p *Printer) List(items []string) string {
	switch len(items) {
	case 0:
		return ""
	case 1:
		return items[0]
	}
	last := len(items) - 1
	return p.T("number.and", "Before", strings.Join(items[:last], ", "), "Last", items[last])
}
