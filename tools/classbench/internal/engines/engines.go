// Package engines wraps the candidates behind one interface.
package engines

import (
	"fmt"
	"regexp"

	"sigill/internal/classify/match"
	"sigill/tools/classbench/internal/rules"
)

// Scanner is one engine compiled for one rule set. Scan returns how many hits
// it reported; what a hit is differs (see Spec.Does).
type Scanner interface{ Scan(text []byte) int }

// Spec names an engine. Max is the largest rule set worth trying (0: any).
type Spec struct {
	Name, Does string
	Max        int
	New        func(rs []rules.Rule, train [][]byte) (Scanner, error)
	Bytes      func(Scanner) int // memory outside Go's heap, if any
}

type fn func([]byte) int

func (f fn) Scan(t []byte) int { return f(t) }

// Exact is what the engines that report full matches also offer.
type Exact interface {
	Matches(text []byte, out []rules.Match) []rules.Match
}

type exact struct {
	m   func([]byte, []rules.Match) []rules.Match
	buf []rules.Match
}

func (e *exact) Matches(t []byte, out []rules.Match) []rules.Match { return e.m(t, out) }
func (e *exact) Scan(t []byte) int {
	e.buf = e.m(t, e.buf[:0])
	return len(e.buf)
}

const full = "exact: all rules, offsets"

// ours is Sigill's engine, as the gateway runs it below its detectors.
func ours(rs []rules.Rule, _ [][]byte) (Scanner, error) {
	in := make([]match.Rule, len(rs))
	for i := range rs {
		if rs[i].Kind == rules.Keyword {
			in[i].Words = rs[i].Words
			continue
		}
		in[i].Expr = rs[i].Source()
	}
	e, err := match.Compile(in)
	if err != nil {
		return nil, err
	}
	s := e.NewScanner()
	var found []match.Match
	return &exact{m: func(t []byte, out []rules.Match) []rules.Match {
		found, _ = s.Scan(t, found[:0], match.Limits{Confirms: 1 << 30})
		for _, m := range found {
			out = append(out, rules.Match{Rule: int32(rs[m.Rule].ID), Start: m.Start, End: m.End})
		}
		return out
	}}, nil
}

func each(rs []rules.Rule, compile func(string) (rules.Finder, error)) (Scanner, error) {
	var f []rules.Finder
	for i := range rs {
		x, err := compile(rs[i].Source())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", rs[i].Source(), err)
		}
		f = append(f, x)
	}
	return &exact{m: func(t []byte, out []rules.Match) []rules.Match {
		for i := range rs {
			out = rules.One(&rs[i], f[i], t, out)
		}
		return out
	}}, nil
}

// All lists the engines of this build.
func All() []Spec { return append(pure(), extra...) }

var extra []Spec

func pure() []Spec {
	return []Spec{
		{Name: "byte sum (memory limit)", Does: "sums bytes", New: func([]rules.Rule, [][]byte) (Scanner, error) {
			return fn(func(t []byte) int {
				var a, b, c, d uint64
				for len(t) >= 8 {
					a += uint64(t[0]) + uint64(t[4])
					b += uint64(t[1]) + uint64(t[5])
					c += uint64(t[2]) + uint64(t[6])
					d += uint64(t[3]) + uint64(t[7])
					t = t[8:]
				}
				if a+b+c+d == 1 {
					return 1
				}
				return 0
			}), nil
		}},
		{Name: "Sigill", Does: full, New: ours},
		{Name: "Go regexp, one by one", Does: full, New: func(rs []rules.Rule, _ [][]byte) (Scanner, error) {
			return each(rs, func(s string) (rules.Finder, error) { return regexp.Compile(s) })
		}},
	}
}
