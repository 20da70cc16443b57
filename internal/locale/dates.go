package locale

import (
	"fmt"
	"time"
)

// Date returns weekday, day, month and year: onsdag 23 december 2026.
func (p *Printer) Date(t time.Time) string { return p.when("time.date", t) }

// DateTime returns a moment for a running text: onsdag 23 december 2026 kl. 15.41,
// woensdag 23 december 2026 om 15.41 uur, Wednesday 23 December 2026 at 15:41.
func (p *Printer) DateTime(t time.Time) string { return p.when("time.datetime", t) }

// Stamp returns a moment for a table: as [Printer.DateTime], but with a comma where
// the language would otherwise take a word.
func (p *Printer) Stamp(t time.Time) string { return p.when("time.stamp", t) }

// Short returns a moment without its year: lördag 28 november kl. 09.12. It is for
// moments that are near.
func (p *Printer) Short(t time.Time) string { return p.when("time.short", t) }

// Weekday returns the name of the day: onsdag.
func (p *Printer) Weekday(t time.Time) string {
	return p.T(fmt.Sprintf("time.weekday.%d", t.In(p.zone).Weekday()))
}

// Clock returns the hour with its word: kl. 15.41, 15.41 uur, 15:41.
func (p *Printer) Clock(t time.Time) string { return p.when("time.clock", t) }

// Near returns a moment as it is said now: i dag kl. 15.41, i går, i morgon; else
// as [Printer.DateTime].
func (p *Printer) Near(t, now time.Time) string {
	switch p.daysBetween(now, t) {
	case 0:
		return p.when("time.today", t)
	case -1:
		return p.when("time.yesterday", t)
	case 1:
		return p.when("time.tomorrow", t)
	}
	return p.DateTime(t)
}

// daysBetween counts midnights from a to b in the printer's zone.
func (p *Printer) daysBetween(a, b time.Time) int {
	midnight := func(t time.Time) time.Time {
		y, m, d := t.In(p.zone).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) // UTC has no days of 23 or 25 hours
	}
	return int(midnight(b).Sub(midnight(a)) / (24 * time.Hour))
}

// Ago returns how long before now t was, in its largest unit: 10 minuter sedan. A
// moment that is still to come is just now: the clocks of two machines differ.
func (p *Printer) Ago(t, now time.Time) string {
	const day = 24 * time.Hour
	d := now.Sub(t)
	switch {
	case d < time.Minute:
		return p.T("time.ago.now")
	case d < time.Hour:
		return p.N("time.ago.minutes", int(d/time.Minute))
	case d < day:
		return p.N("time.ago.hours", int(d/time.Hour))
	case d < 60*day:
		return p.N("time.ago.days", int(d/day))
	case d < 730*day:
		return p.N("time.ago.months", int(d/(30*day)))
	}
	return p.N("time.ago.years", int(d/(365*day)))
}

// Days returns a number of days: 3 dagar.
func (p *Printer) Days(n int) string { return p.N("time.days", n) }

// DaysLeft counts the days from now to t, part of a day as a whole one, 0 when t is past.
func DaysLeft(t, now time.Time) int {
	const day = 24 * time.Hour
	d := t.Sub(now)
	if d <= 0 {
		return 0
	}
	return int((d + day - 1) / day)
}

// Machine returns t for a datetime attribute, in the printer's zone.
func (p *Printer) Machine(t time.Time) string { return t.In(p.zone).Format(time.RFC3339) }

func (p *Printer) when(key string, t time.Time) string {
	t = t.In(p.zone)
	return p.T(key, map[string]any{
		"Weekday": p.T(fmt.Sprintf("time.weekday.%d", t.Weekday())),
		"Day":     t.Day(),
		"Month":   p.T(fmt.Sprintf("time.month.%d", t.Month())),
		"Year":    t.Year(),
		"Hour":    t.Format("15"),
		"Minute":  t.Format("04"),
	})
}
