package locale

import (
	"testing"
	"time"
)

func TestDates(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
	at := time.Date(2026, 12, 23, 14, 41, 30, 0, time.UTC) // 15.41 in Stockholm and Amsterdam
	now := at.Add(-50 * time.Minute)
	sv := c.Printer("sv", zone(t, "Europe/Stockholm"))
	nl := c.Printer("nl", zone(t, "Europe/Amsterdam"))
	en := c.Printer("en", zone(t, "Europe/London"))
	for _, tc := range []struct{ got, want string }{
		{sv.Date(at), "onsdag 23 december 2026"},
		{sv.DateTime(at), "onsdag 23 december 2026 kl.\u00a015.41"},
		{sv.Stamp(at), "onsdag 23 december 2026 kl.\u00a015.41"},
		{sv.Short(at), "onsdag 23 december kl.\u00a015.41"},
		{sv.Clock(at), "kl.\u00a015.41"},
		{sv.Weekday(at), "onsdag"},
		{sv.Machine(at), "2026-12-23T15:41:30+01:00"},
		{nl.DateTime(at), "woensdag 23 december 2026 om 15.41\u00a0uur"},
		{nl.Stamp(at), "woensdag 23 december 2026, 15.41\u00a0uur"},
		{nl.Short(at), "woensdag 23 december, 15.41\u00a0uur"},
		{nl.Clock(at), "15.41\u00a0uur"},
		{en.DateTime(at), "Wednesday 23 December 2026 at 14:41"},
		{en.Stamp(at), "Wednesday 23 December 2026, 14:41"},
		{en.Clock(at), "14:41"},
		{sv.Near(at, now), "i dag kl.\u00a015.41"},
		{nl.Near(at, now), "vandaag om 15.41\u00a0uur"},
		{en.Near(at, now), "today at 14:41"},
		{sv.Near(at, at.Add(9*time.Hour)), "i går kl.\u00a015.41"}, // next day in Stockholm, 23.41 UTC
		{en.Near(at, at.Add(9*time.Hour)), "today at 14:41"},
		{sv.Near(at, at.Add(-24*time.Hour)), "i morgon kl.\u00a015.41"},
		{sv.Near(at, at.Add(48*time.Hour)), sv.DateTime(at)},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}

// TestNearSummerTime crosses a day of 23 hours.
func TestNearSummerTime(t *testing.T) {
	t.Parallel()
	z := zone(t, "Europe/Stockholm")
	p := newCatalog(t).Printer("sv", z)
	night := time.Date(2026, 3, 29, 0, 30, 0, 0, z)
	if got, want := p.Near(time.Date(2026, 3, 30, 0, 10, 0, 0, z), night), "i morgon kl.\u00a000.10"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAgo(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
	sv, nl, en := c.Printer("sv", nil), c.Printer("nl", nil), c.Printer("en", nil)
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for _, tc := range []struct {
		p    *Printer
		d    time.Duration
		want string
	}{
		{sv, 0, "nyss"},
		{sv, -time.Hour, "nyss"},
		{sv, 59 * time.Second, "nyss"},
		{sv, time.Minute, "en minut sedan"},
		{sv, 10*time.Minute + 59*time.Second, "10 minuter sedan"},
		{nl, 10 * time.Minute, "10 minuten geleden"},
		{en, time.Hour, "one hour ago"},
		{en, 23 * time.Hour, "23 hours ago"},
		{sv, day, "en dag sedan"},
		{nl, 59 * day, "59 dagen geleden"},
		{en, 60 * day, "2 months ago"},
		{sv, 1200 * day, "3 år sedan"},
	} {
		if got := tc.p.Ago(now.Add(-tc.d), now); Plain(got) != tc.want {
			t.Errorf("%v: got %q, want %q", tc.d, got, tc.want)
		}
	}
}

func TestDaysLeft(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for d, want := range map[time.Duration]int{
		-time.Hour: 0, 0: 0, time.Minute: 1, 24 * time.Hour: 1, 24*time.Hour + 1: 2, 72 * time.Hour: 3,
	} {
		if got := DaysLeft(now.Add(d), now); got != want {
			t.Errorf("%v: got %d, want %d", d, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
	sv, nl, en := c.Printer("sv", nil), c.Printer("nl", nil), c.Printer("en", nil)
	for _, tc := range []struct{ got, want string }{
		{sv.Size(0), "0 B"}, {sv.Size(999), "999 B"}, {sv.Size(1000), "1 kB"}, {nl.Size(141_300), "141 kB"},
		{sv.Size(999_400), "999 kB"}, {sv.Size(999_600), "1 MB"}, {sv.Size(1_440_000), "1,4 MB"}, {en.Size(1_440_000), "1.4 MB"},
		{en.Size(9_960_000), "10 MB"}, {nl.Size(150_000_000), "150 MB"}, {en.Size(2_500_000_000), "2.5 GB"}, {en.Size(1 << 62), "4611686 TB"},
		{sv.Int(1234567), "1 234 567"}, {nl.Int(1234), "1.234"}, {en.Int(-1234), "-1,234"}, {en.Int(123), "123"}, {en.Int(0), "0"},
		{sv.Word(2), "två"}, {nl.Word(20), "twintig"}, {en.Word(21), "21"}, {en.Word(-1), "-1"},
		{sv.List(nil), ""}, {sv.List([]string{"Anna"}), "Anna"}, {nl.List([]string{"Anna", "Bo"}), "Anna en Bo"},
		{sv.List([]string{"Anna", "Bo", "Cia"}), "Anna, Bo och Cia"}, {en.List([]string{"A", "B", "C"}), "A, B and C"},
		{sv.Days(1), "en dag"}, {nl.Days(3), "3 dagen"},
	} {
		if Plain(tc.got) != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}

func TestPhoneProblem(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
	sv, nl, en := c.Printer("sv", nil), c.Printer("nl", nil), c.Printer("en", nil)
	for _, tc := range []struct{ got, want string }{
		{sv.PhoneProblem("070-174 06", "short", "SE", 8, 10), "070-174 06 är för kort. Ett svenskt mobilnummer har tio siffror, här är det åtta."},
		{nl.PhoneProblem("06-1234 567", "short", "NL", 9, 10), "06-1234 567 is te kort. Een Nederlands mobiel nummer heeft tien cijfers, dit zijn er negen."},
		{en.PhoneProblem("07700 9004", "short", "GB", 9, 11), "07700 9004 is too short. A UK mobile number has eleven digits, this has nine."},
		{nl.PhoneProblem("0", "short", "NL", 1, 10), "0 is te kort. Een Nederlands mobiel nummer heeft tien cijfers, dit is er één."},
		{sv.PhoneProblem("070-174 06 05 12", "long", "ZZ", 12, 10), "070-174 06 05 12 är för långt. Ett sådant mobilnummer har tio siffror, här är det tolv."},
		{sv.PhoneProblem("070-174 06", "short", "", 8, 0), "070-174 06 är för kort."},
		{sv.PhoneProblem("", "empty", "", 0, 0), "Skriv ett mobilnummer."},
		{sv.PhoneProblem(" \r\n\u202e", "letters", "", 0, 0), "Skriv ett mobilnummer."},
		{en.PhoneProblem("01632 960\x00 120", "fixed", "GB", 11, 11), "01632 960 120 is a landline, which gets no text messages. Type a mobile number."},
		{en.PhoneProblem("x", "unheard of", "GB", 11, 11), "x is not a mobile number in use. Check the digits."},
	} {
		if Plain(tc.got) != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
	for _, reason := range []string{"letters", "short", "long", "not_valid", "fixed", "premium", "country"} {
		if !c.Has("phone." + reason) {
			t.Errorf("no text for %s", reason)
		}
	}
	if got := echo("  0" + string(make([]rune, 50)) + "12345678901234567890123456789012345678901234567890"); got != "0123456789012345678901234567890123456789…" {
		t.Errorf("echo: %q", got)
	}
}
