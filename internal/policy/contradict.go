package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// demands are what a condition asks for and what it forbids, taken together from it and the conditions all of which must
// hold with it.
type demands struct {
	wanted    []condition // each must hold
	forbidden []condition // none may
}

// contradicts says that the same is asked for and forbidden, or so much of it and no more than less; "" when not.
// Members of a window speak of the window alone: what they forbid may well stand elsewhere.
func (x *condition) contradicts() string {
	var d demands
	d.gather(x)
	if x.within > 0 {
		var inside demands
		for i := range x.all {
			inside.member(&x.all[i])
		}
		if why := inside.clash(); why != "" {
			return why
		}
		for _, w := range inside.wanted {
			if w.count.max == 0 { // at most so many near each other says nothing about the whole
				d.wanted = append(d.wanted, w)
			}
		}
	}
	return d.clash()
}

// gather adds what x demands.
func (d *demands) gather(x *condition) {
	d.wanted = append(d.wanted, x.parts()...)
	d.forbidden = append(d.forbidden, x.not...)
	if x.within == 0 {
		for i := range x.all {
			d.member(&x.all[i])
		}
	}
	if len(x.any) == 1 {
		d.member(&x.any[0])
	}
}

// member adds what a condition demands that must hold with others: itself as it is written, and what it is made of.
func (d *demands) member(x *condition) {
	d.wanted = append(d.wanted, *x)
	d.gather(x)
}

// parts are the things that a condition itself asks for, each as a condition of its own.
func (x *condition) parts() []condition {
	all := []condition{
		{detectors: x.detectors, count: x.count, minimum: x.minimum, scope: x.scope},
		{sender: x.sender}, {recipient: x.recipient, perRecipient: x.recipient != nil}, {header: x.header}, {attachment: x.attachment}, {size: x.size}, {any: x.any},
	}
	return slices.DeleteFunc(all, func(p condition) bool { return p.empty() })
}

// clash says what stands against what; "" when nothing does.
func (d *demands) clash() string {
	for i := range d.forbidden {
		if d.implies(&d.forbidden[i]) {
			return "what is asked for stands under not as well: " + d.forbidden[i].describe()
		}
	}
	for i := range d.wanted {
		for j := range d.wanted {
			if why := d.wanted[i].exceeds(&d.wanted[j]); why != "" {
				return why
			}
		}
	}
	return ""
}

// implies says whether x holds whenever everything that is wanted does.
func (d *demands) implies(x *condition) bool {
	if slices.ContainsFunc(d.wanted, func(w condition) bool { return same(&w, x) }) {
		return true
	}
	if len(x.not) > 0 || x.within > 0 || x.empty() {
		return false
	}
	for _, p := range x.parts() {
		if p.any == nil && !slices.ContainsFunc(d.wanted, func(w condition) bool { return w.covers(&p) }) {
			return false
		}
	}
	for i := range x.all {
		if !d.implies(&x.all[i]) {
			return false
		}
	}
	return len(x.any) == 0 || slices.ContainsFunc(x.any, func(one condition) bool { return d.implies(&one) })
}

// same says whether two conditions ask for the same. What they took over and have no use for does not count.
func same(a, b *condition) bool {
	one, two := *a, *b
	for _, x := range []*condition{&one, &two} {
		if x.detectors == nil {
			x.count, x.minimum, x.scope = count{}, 0, 0
		}
	}
	return reflect.DeepEqual(one, two)
}

// covers says whether p, which asks for one thing, holds wherever x does, which asks for one thing too.
func (x *condition) covers(p *condition) bool {
	if p.detectors == nil || !x.simple() {
		return same(x, p)
	}
	for _, id := range x.detectors {
		if !slices.Contains(p.detectors, id) {
			return false
		}
	}
	if same(x, p) {
		return true
	}
	return x.minimum >= p.minimum && x.scope&^p.scope == 0 && x.count.min >= p.count.min && p.count.max == 0 && (x.count.unique || !p.count.unique)
}

// simple says that detectors are all that is asked for.
func (x *condition) simple() bool {
	bare := *x
	bare.detectors = nil
	return x.detectors != nil && bare.empty()
}

// exceeds says that more of something is wanted than y allows.
func (x *condition) exceeds(y *condition) string {
	switch {
	case x.simple() && y.simple() && x.count != y.count && y.count.max > 0 && x.count.min > y.count.max && reflect.DeepEqual(x.detectors, y.detectors) &&
		x.minimum == y.minimum && x.scope == y.scope && x.count.unique == y.count.unique:
		return fmt.Sprintf("at least %d of %s are asked for, and at most %d", x.count.min, strings.Join(x.detectors, ", "), y.count.max)
	case x.size != nil && y.size != nil && *x.size != *y.size && y.size.max > 0 && x.size.min > y.size.max:
		return "a size is asked for that is above the one allowed"
	}
	return ""
}

// describe names what a condition is about.
func (x *condition) describe() string {
	var about []string
	if x.detectors != nil {
		about = append(about, "detector "+strings.Join(x.detectors, ", "))
	}
	for _, fact := range []struct {
		said bool
		name string
	}{
		{x.sender != nil, "sender"}, {x.recipient != nil, "recipient"}, {x.header != nil, "header"}, {x.attachment != nil, "attachment"}, {x.size != nil, "size"},
	} {
		if fact.said {
			about = append(about, fact.name)
		}
	}
	for _, subs := range [][]condition{x.all, x.any} {
		for i := range subs {
			about = append(about, subs[i].describe())
		}
	}
	if len(about) == 0 {
		return "a condition"
	}
	return strings.Join(about, ", ")
}
