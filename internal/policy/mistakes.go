package policy

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"sigill/internal/yamlfile"
)

// compileData reads and compiles a policy, with lists in place of its own. Of a file with values that cannot be read, what
// else is wrong in the other parts is named too, where those values have nothing to do with it.
func compileData(name string, data []byte, read ReadFile, lists map[string][]string) (*Policy, error) {
	var f file
	places, err := yamlfile.DecodePositions(name, data, &f)
	if err == nil {
		return compileFile(name, data, &f, read, lists)
	}
	broken, ok := errors.AsType[yamlfile.Errors](err)
	if !ok || f.Version.Value != 1 {
		return nil, err //nolint:wrapcheck // it names file, line and column itself
	}
	all := slices.Clone(broken)
	var parts []string
	for _, e := range broken {
		part, apart := partOf(e)
		if !apart {
			return nil, err //nolint:wrapcheck // as above
		}
		parts = append(parts, part)
		if strings.HasPrefix(part, "rules") { // what tests expect depends on them
			parts = append(parts, "tests")
		}
	}
	_, err = compileFile(name, data, &f, read, lists)
	more, _ := errors.AsType[yamlfile.Errors](err)
	starts := partStarts(places)
	for _, e := range more {
		at := partAt(starts, e.Pos())
		section, _, _ := strings.Cut(at, "[")
		if at != "" && !slices.Contains(parts, at) && !slices.Contains(parts, section) {
			all = append(all, e)
		}
	}
	return nil, all.Err() //nolint:wrapcheck // as above
}

// partOf is the part of the file in which a value cannot be read, and whether other parts can be judged without it: what
// has no id that can be read may be what another part names.
func partOf(e yamlfile.Error) (part string, apart bool) {
	section, inside, indexed := strings.Cut(e.Key, "[")
	switch section {
	case "rules", "triggers", "labels":
		index, rest, _ := strings.Cut(inside, "]")
		return section + "[" + index + "]", indexed && rest != ".id" && !strings.Contains(e.Msg, `"id"`)
	case "exceptions", "tests", "recipients":
		if index, _, ok := strings.Cut(inside, "]"); ok {
			return section + "[" + index + "]", true
		}
		return section, true
	}
	section, _, _ = strings.Cut(section, ".")
	return section, slices.Contains([]string{"unscannable", "limits", "locale", "subject", "split", "journal", "name"}, section)
}

// partStart is where a part of the file begins: a section, or one of the entries of a list.
type partStart struct {
	path string
	at   yamlfile.Pos
}

func partStarts(places yamlfile.Positions) []partStart {
	var all []partStart
	for _, f := range keysOf(reflect.TypeFor[file]()) {
		name, _ := keyOf(f)
		if !places.Has(name) {
			continue
		}
		all = append(all, partStart{name, places.At(name)})
		for i := 0; places.Has(fmt.Sprintf("%s[%d]", name, i)); i++ {
			path := fmt.Sprintf("%s[%d]", name, i)
			all = append(all, partStart{path, places.At(path)})
		}
	}
	return all
}

// partAt is the part in which a place lies: the last that begins before it, or there. It is "" for a place that is unknown
// or in another file.
func partAt(starts []partStart, at yamlfile.Pos) string {
	best := partStart{}
	for _, p := range starts {
		if p.at.File == at.File && !after(p.at, at) && !after(best.at, p.at) {
			best = p
		}
	}
	return best.path
}

func after(a, b yamlfile.Pos) bool { return a.Line > b.Line || a.Line == b.Line && a.Column > b.Column }
