package policy

import (
	"reflect"
	"slices"
	"strconv"
)

// narrowTo lays on the schema of a key what its tags say beside the type: the least number, a list or map that holds
// something, a text of some form.
func narrowTo(s schema, f reflect.StructField) {
	if least, err := strconv.Atoi(f.Tag.Get("least")); err == nil {
		s["minimum"] = least
	}
	if f.Tag.Get("some") != "" {
		some(s)
	}
	if f.Tag.Get("form") == "date" {
		s["type"], s["format"] = "string", "date"
		s["pattern"] = `^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$`
	}
}

// some demands of a list or map, or of those among several forms, that it holds something.
func some(s schema) schema {
	choices, _ := s["anyOf"].([]schema)
	for _, one := range append(choices, s) {
		switch one["type"] {
		case "array":
			one["minItems"] = 1
		case "object":
			one["minProperties"] = 1
		}
	}
	return s
}

// versionAtTop demands a version of the first file. One that has no key that only the first file can have may be a
// further one, which need not say it.
func versionAtTop() schema {
	further := map[string]bool{}
	for _, f := range keysOf(reflect.TypeFor[included]()) {
		name, _ := keyOf(f)
		further[name] = true
	}
	var first []string
	for _, f := range keysOf(reflect.TypeFor[file]()) {
		if name, _ := keyOf(f); !further[name] {
			first = append(first, name)
		}
	}
	return schema{"if": anyKey(first...), "then": needs("version")}
}

// together is what the keys of a struct demand of each other, as its compiler does.
func together(t reflect.Type) []schema {
	switch t {
	case reflect.TypeFor[labelNode]():
		return []schema{anyKey("equals", "matches")}
	case reflect.TypeFor[headerNode]():
		return []schema{anyKey("equals", "contains", "matches")}
	case reflect.TypeFor[partyNode]():
		return []schema{anyKey("address", "domain", "outside")}
	case reflect.TypeFor[sizeNode](), reflect.TypeFor[clampNode]():
		return []schema{anyKey("min", "max")}
	case reflect.TypeFor[patternNode]():
		return []schema{oneKey("regex", "digits")}
	case reflect.TypeFor[contextNode]():
		return []schema{oneKey("set", "shift"), {"properties": schema{"shift": not(schema{"const": 0})}}}
	case reflect.TypeFor[detectorNode]():
		return detectorTogether()
	case reflect.TypeFor[whenNode]():
		return []schema{
			anyKey("detector", "sender", "recipient", "header", "attachment", "size", "all", "any", "not"),
			{"dependencies": schema{"count": []string{"detector"}, "within": []string{"all"}}},
		}
	case reflect.TypeFor[exceptionNode]():
		return []schema{needs("rules")}
	case reflect.TypeFor[exceptionWhenNode]():
		return []schema{
			anyKey("value", "segment", "sender", "recipient", "transport"),
			not(schema{"allOf": []schema{anyKey("value", "segment"), anyKey("recipient", "transport")}}),
		}
	case reflect.TypeFor[testNode]():
		return []schema{needs("expect")}
	case reflect.TypeFor[expectNode]():
		return []schema{{"minProperties": 1}}
	}
	return nil
}

// detectorTogether says that a detector has an id and one way to find something, or changes another one.
func detectorTogether() []schema {
	ways := []string{"patterns", "words", "groups", "validator_only"}
	var two []schema
	for i, a := range ways {
		for _, b := range ways[:i] {
			two = append(two, needs(a, b))
		}
	}
	return []schema{
		oneKey("id", "override"),
		either(needs("override"), anyKey(ways...)),
		not(either(two...)),
		not(schema{"properties": schema{"mask": schema{"const": "none"}}, "required": []string{"mask"}, "anyOf": []schema{needs("patterns"), needs("validator_only")}}),
	}
}

func needs(keys ...string) schema { return schema{"required": slices.Clone(keys)} }

func not(s schema) schema { return schema{"not": s} }

// anyKey demands at least one of some keys.
func anyKey(keys ...string) schema { return either(eachKey(keys)...) }

// oneKey demands exactly one of some keys.
func oneKey(keys ...string) schema { return schema{"oneOf": eachKey(keys)} }

func eachKey(keys []string) []schema {
	var all []schema
	for _, k := range keys {
		all = append(all, needs(k))
	}
	return all
}
