package extract

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Days as spreadsheets count them (ECMA-376 part 1, 18.17.4).
const (
	lastDay   = 2958466 // the one after 9999-12-31
	unixDay   = 25569   // 1970-01-01
	days1904  = 1462    // 1904-01-01
	leapDay   = 60      // 1900-02-29, which there never was
	secsInDay = 86400
)

// dayOf returns the time of a serial number of days.
func dayOf(x float64, from04 bool) (t time.Time, ok bool) {
	if from04 {
		x += days1904
	}
	if x < 0 || x >= lastDay {
		return time.Time{}, false
	}
	if x < leapDay {
		x++
	}
	secs := int64(math.Round(x * secsInDay))
	return time.Unix(secs-unixDay*secsInDay, 0).UTC(), true
}

// serial is the number of days of a date that is written out (ISO 8601).
func serial(v string, from04 bool) (string, bool) {
	v = strings.TrimSuffix(strings.TrimSpace(v), "Z")
	for _, layout := range [...]string{"2006-01-02T15:04:05.999", "2006-01-02T15:04", "2006-01-02"} {
		t, err := time.Parse(layout, v)
		if err != nil {
			continue
		}
		x := float64(t.Unix())/secsInDay + unixDay
		if x <= leapDay {
			x--
		}
		if from04 {
			x -= days1904
		}
		return strconv.FormatFloat(x, 'f', -1, 64), true
	}
	return "", false
}

// date shows a number of days.
func (s *formatSection) date(x float64, from04 bool) (string, bool) {
	t, ok := dayOf(x, from04)
	if !ok {
		return "", false
	}
	half := false
	for _, k := range s.tokens {
		half = half || k.kind == halfToken
	}
	var out []byte
	for _, k := range s.tokens {
		out = k.appendDate(out, t, x, half)
	}
	return string(out), true
}

func (k *formatToken) appendDate(out []byte, t time.Time, x float64, half bool) []byte {
	n := len(k.text)
	switch k.kind {
	case literalToken, '.', '0', ',', '%':
		return append(out, k.text...)
	case 'y':
		if n <= 2 {
			return padded(out, t.Year()%100, 2)
		}
		return padded(out, t.Year(), 4)
	case 'e':
		return padded(out, t.Year(), 4)
	case 'm':
		return named(out, int(t.Month()), t.Month().String(), n)
	case 'd':
		return named(out, t.Day(), t.Weekday().String(), n)
	case 'h':
		h := t.Hour()
		if half {
			h = (h+11)%12 + 1
		}
		return padded(out, h, n)
	case minuteToken:
		return padded(out, t.Minute(), n)
	case 's':
		return padded(out, t.Second(), n)
	case 'H':
		return padded(out, int(x*24+1e-6), n)
	case 'M':
		return padded(out, int(x*24*60+1e-5), n)
	case 'S':
		return padded(out, int(math.Round(x*secsInDay)), n)
	case halfToken:
		if t.Hour() < 12 {
			return append(out, "AM"...)
		}
		return append(out, "PM"...)
	}
	return out
}

// named writes a month or a day: as a number, or as a name that is short, whole, or but a letter.
func named(out []byte, v int, name string, n int) []byte {
	switch {
	case n <= 2:
		return padded(out, v, n)
	case n == 3:
		return append(out, name[:3]...)
	case n == 5:
		return append(out, name[:1]...)
	}
	return append(out, name...)
}

func padded(out []byte, v, n int) []byte {
	s := strconv.Itoa(v)
	for range n - len(s) {
		out = append(out, '0')
	}
	return append(out, s...)
}
