package policy

import (
	"maps"
	"slices"
	"strings"

	"sigill/internal/yamlfile"
)

// expand replaces @name by the strings of that list.
func (c *compiler) expand(t texts) []string { return c.listed(t).values() }

// listed replaces @name by that list. What comes from a list stands where the list was named.
func (c *compiler) listed(t texts) texts {
	return expandWith(t, c.lists, func(e yamlfile.Error) { c.errs = append(c.errs, e) })
}

// expandWith replaces @name by the list of that name, also within lists.
func expandWith(t texts, lists map[string]texts, wrong func(yamlfile.Error)) texts {
	x := expansion{lists: lists, wrong: wrong}
	for _, one := range t {
		x.add(one, one.Pos)
	}
	return x.out
}

type expansion struct {
	lists  map[string]texts
	wrong  func(yamlfile.Error)
	inside []string // the lists that are being read
	out    texts
}

func (x *expansion) add(one text, at yamlfile.Pos) {
	name, isList := strings.CutPrefix(one.Value, "@")
	if !isList || strings.Contains(name, "@") {
		x.out = append(x.out, text{Pos: at, Value: one.Value})
		return
	}
	list, ok := x.lists[name]
	switch {
	case !ok:
		x.wrong(one.Pos.Errorf("unknown list @%s%s", name, yamlfile.DidYouMean(name, slices.Sorted(maps.Keys(x.lists)))))
		return
	case slices.Contains(x.inside, name):
		x.wrong(one.Pos.Errorf("list @%s contains itself", name))
		return
	}
	x.inside = append(x.inside, name)
	for _, y := range list {
		x.add(y, at)
	}
	x.inside = x.inside[:len(x.inside)-1]
}

func (t texts) has(s string) bool {
	return slices.ContainsFunc(t, func(x text) bool { return x.Value == s })
}

func (t texts) values() []string {
	var out []string
	for _, x := range t {
		out = append(out, x.Value)
	}
	return out
}
