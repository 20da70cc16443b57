package classify

import (
	"fmt"
	"strings"
	"time"
)

// dayInMonth says whether the date exists.
func dayInMonth(year, month, day int) bool {
	if month < 1 || month > 12 || day < 1 {
		return false
	}
	return day <= time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// personnummer checks a Swedish personal identity number (Skatteverket, SKV 704): Luhn over the ten digits, a date that
// exists and is not in the future.
// One in ten of all numbers that begin with a date passes, so what may as well be the time stamp of a file is doubtful.
func personnummer(v *Value) Verdict {
	var digits [12]byte
	whole := wholePerson(v, digits[:0])
	switch {
	case !validPerson(&whole, 0):
		return Invalid
	case timeStamp(&whole), v.Sep == ' ' && spaced(whole.Compact):
		return Doubtful
	}
	return Valid
}

// wholePerson is the value with nothing but digits: without the words in it, and with the zero in front of a year up to 2009
// that spreadsheets take from a number in a cell. dst is where they may be written.
func wholePerson(v *Value, dst []byte) Value {
	whole := *v
	whole.Compact = withZero(dst, joinLastFour(dst, v.Compact), 10)
	return whole
}

// lastFour is the least that stands between a date of birth and the last four digits when words do: "sista 4".
const lastFour = 6

// joinLastFour leaves the words out of a date of birth and, said apart, the last four digits: "19890102, sista fyra 2387".
// Other values come back as they are.
func joinLastFour(dst, compact []byte) []byte {
	n := 0
	for n < len(compact) && compact[n]-'0' <= 9 {
		n++
	}
	tail := len(compact) - 4
	if n != 6 && n != 8 || tail < n+lastFour || !allDigits(compact[tail:]) {
		return compact
	}
	return append(append(dst, compact[:n]...), compact[tail:]...)
}

// spaced says whether two groups of digits with a space between may be a day and a time, or a mobile number.
func spaced(d []byte) bool {
	short := d[len(d)-10:]
	return number(short[6:8]) < 24 && number(short[8:]) < 60 || len(d) == 10 && short[0] == '0' && short[1] == '7' && short[2] == '0'
}

// recent is how young a date is, in years, for its number to be taken for a time stamp.
const recent = 2

// timeStamp says whether a number that begins with a date may be a time: 20260907-0015, of the last years or one of a
// list of times of that day.
func timeStamp(v *Value) bool {
	d := v.Compact[len(v.Compact)-10:]
	if number(d[6:8]) >= 24 || number(d[8:10]) >= 60 {
		return false
	}
	year, _ := personYear(v)
	born := time.Date(year, time.Month(number(d[2:4])), number(d[4:6]), 0, 0, 0, 0, time.UTC)
	return born.After(v.Now.AddDate(-recent, 0, 0)) || v.Series != nil && v.Series(len(v.Compact)-4)
}

// samordningsnummer is a Swedish coordination number: 60 is added to the day (SKV 707).
func samordningsnummer(v *Value) Verdict {
	var digits [12]byte
	whole := wholePerson(v, digits[:0])
	return verdict(validPerson(&whole, 60))
}

func validPerson(v *Value, shift int) bool {
	d := v.Compact
	if !allDigits(d) || len(d) != 10 && len(d) != 12 {
		return false
	}
	if !luhn(d[len(d)-10:]) {
		return false
	}
	year, ok := personYear(v)
	if !ok {
		return false
	}
	short := d[len(d)-10:]
	month, day := number(short[2:4]), number(short[4:6])-shift
	if !dayInMonth(year, month, day) {
		return false
	}
	return !time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).After(v.Now)
}

// personYear is the year of birth. Without a century it is the latest one that is not in the future; '+' says that the
// person turns 100 in that year or has.
func personYear(v *Value) (int, bool) {
	d := v.Compact
	if len(d) == 12 {
		century := number(d[:2])
		return number(d[:4]), century >= 18 && century <= 20
	}
	year := v.Now.Year() - v.Now.Year()%100 + number(d[:2])
	if year > v.Now.Year() {
		year -= 100
	}
	month, day := number(d[2:4]), number(d[4:6])%60
	if dayInMonth(year, month, day) && time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC).After(v.Now) {
		year -= 100
	}
	if v.Sep == '+' {
		year -= 100
	}
	return year, year >= 1800
}

// canonicalPerson adds the century.
func canonicalPerson(v *Value) string {
	var digits [12]byte
	whole := wholePerson(v, digits[:0])
	if len(whole.Compact) != 10 {
		return string(whole.Compact)
	}
	year, ok := personYear(&whole)
	if !ok {
		return ""
	}
	return fmt.Sprintf("%02d%s", year/100, whole.Compact)
}

// validOrgnr is a Swedish organisation number: group digit, third digit from 2, Luhn.
func validOrgnr(d []byte) bool {
	if len(d) == 12 && d[0] == '1' && d[1] == '6' {
		d = d[2:]
	}
	return len(d) == 10 && d[0] != '0' && d[0] != '4' && d[2] >= '2' && luhn(d)
}

// validBSN is the eleven test of the Dutch citizen service number: weights 9 to 2 and -1; eight digits lack a zero.
func validBSN(d []byte) bool {
	if sameDigit(d) {
		return false
	}
	if len(d) == 8 {
		return weighted(d, 8, 7, 6, 5, 4, 3, 2, -1)%11 == 0
	}
	return len(d) == 9 && weighted(d, 9, 8, 7, 6, 5, 4, 3, 2, -1)%11 == 0
}

func canonicalBSN(v *Value) string {
	if len(v.Compact) == 8 {
		return "0" + string(v.Compact)
	}
	return ""
}

// dateValidator checks that the value begins with a date: yymmdd, yyyymmdd, ddmmyy or ddmmyyyy, optionally between two
// years.
func dateValidator(args []string) (Validator, error) {
	if len(args) == 0 || len(args) > 3 {
		return Validator{}, fmt.Errorf("write date(layout) or date(layout, from year, to year)")
	}
	layout := strings.ToLower(args[0])
	switch layout {
	case "yymmdd", "yyyymmdd", "ddmmyy", "ddmmyyyy":
	default:
		return Validator{}, fmt.Errorf("layout %q: use yymmdd, yyyymmdd, ddmmyy or ddmmyyyy", args[0])
	}
	low, high := 0, 9999
	for i, bound := range []*int{&low, &high} {
		if len(args) > i+1 {
			if !allDigits([]byte(args[i+1])) || len(args[i+1]) != 4 {
				return Validator{}, fmt.Errorf("year %q: write four digits", args[i+1])
			}
			*bound = number([]byte(args[i+1]))
		}
	}
	check := func(v *Value) Verdict { return verdict(validDate(v.Compact, layout, low, high)) }
	return Validator{check: check}, nil
}

func validDate(d []byte, layout string, low, high int) bool {
	if len(d) < len(layout) || !allDigits(d[:len(layout)]) {
		return false
	}
	at := strings.IndexByte(layout, 'y')
	long := strings.HasPrefix(layout[at:], "yyyy")
	digits := 2
	if long {
		digits = 4
	}
	year := number(d[at : at+digits])
	m, day := strings.IndexByte(layout, 'm'), strings.IndexByte(layout, 'd')
	if !long { // two digits fit either century; 2000 has the 29 February that 1900 lacks
		return dayInMonth(2000+year, number(d[m:m+2]), number(d[day:day+2]))
	}
	return year >= low && year <= high && dayInMonth(year, number(d[m:m+2]), number(d[day:day+2]))
}
