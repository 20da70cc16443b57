package policy

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"sigill/internal/classify"
	"sigill/internal/yamlfile"
)

// Schema is the JSON schema (draft 7, which editors of YAML read) of a policy's file. It is made of the structs that
// read the file, and so cannot say anything else than they do.
func Schema() ([]byte, error) {
	s := schemas{defs: map[string]any{}}
	root := s.object(reflect.TypeFor[file]())
	root["$schema"] = "http://json-schema.org/draft-07/schema#"
	root["title"] = "Sigill policy"
	delete(root, "required")
	for key, value := range versionAtTop() {
		root[key] = value
	}
	root["definitions"] = s.defs
	out, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write schema: %w", err)
	}
	return append(out, '\n'), nil
}

// schemas are the parts of the schema by the name of their type.
type schemas struct{ defs map[string]any }

type schema = map[string]any

// keysOf lists the keys of a struct of the language, in order.
func keysOf(t reflect.Type) []reflect.StructField {
	var keys []reflect.StructField
	for i := range t.NumField() {
		if f := t.Field(i); f.Tag.Get("yaml") != "-" && f.Tag.Get("yaml") != "" {
			keys = append(keys, f)
		}
	}
	return keys
}

// keyOf is the name of a key, and whether it must be there.
func keyOf(f reflect.StructField) (name string, required bool) {
	name, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
	return name, options == "required"
}

// enumOf are the words that a key takes; nil when it takes others.
func enumOf(f reflect.StructField) []string {
	if words := f.Tag.Get("enum"); words != "" {
		return strings.Split(words, ",")
	}
	return nil
}

func (s *schemas) object(t reflect.Type) schema {
	properties := schema{}
	var needed []string
	for _, f := range keysOf(t) {
		name, required := keyOf(f)
		if required {
			needed = append(needed, name)
		}
		one := s.value(f.Type, enumOf(f))
		narrowTo(one, f)
		if _, isRef := one["$ref"]; isRef { // beside $ref nothing else counts
			one = schema{"allOf": []any{one}}
		}
		one["description"] = f.Tag.Get("doc")
		properties[name] = one
	}
	out := schema{"type": "object", "additionalProperties": false, "properties": properties}
	if needed != nil {
		out["required"] = needed
	}
	if all := together(t); all != nil {
		out["allOf"] = all
	}
	return out
}

func (s *schemas) value(t reflect.Type, enum []string) schema {
	if special := s.special(t, enum); special != nil {
		return special
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.value(t.Elem(), enum)
	case reflect.Slice:
		return schema{"type": "array", "items": s.value(t.Elem(), enum)}
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": s.value(t.Elem(), enum)}
	case reflect.Struct:
		return s.ref(t, func() schema { return s.object(t) })
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int:
		return whole(enum)
	}
	return scalar(enum)
}

// special is the schema of a type that reads itself; nil for all others.
func (s *schemas) special(t reflect.Type, enum []string) schema {
	switch t {
	case reflect.TypeFor[text]():
		return scalar(enum)
	case reflect.TypeFor[number]():
		return whole(enum)
	case reflect.TypeFor[texts]():
		return oneOrMore(orList(enum))
	case reflect.TypeFor[scopes]():
		return some(oneOrMore(orList(enum)))
	case reflect.TypeFor[titles]():
		return either(schema{"type": "string"}, schema{"type": "object", "additionalProperties": schema{"type": "string"}})
	case reflect.TypeFor[langWords]():
		words := some(oneOrMore(scalar(nil)))
		return either(words, some(schema{"type": "object", "additionalProperties": words}))
	case reflect.TypeFor[useEntry]():
		return s.use()
	case reflect.TypeFor[whenNodes]():
		return oneOrMore(s.value(reflect.TypeFor[whenNode](), nil))
	case reflect.TypeFor[outcome]():
		return either(schema{"const": "pass"}, s.value(reflect.TypeFor[outcomeNode](), nil))
	case reflect.TypeFor[map[string]outcome]():
		return s.unscannable()
	case reflect.TypeFor[levelText]():
		return schema{"enum": []any{"pass", 0, 1, 2}}
	case reflect.TypeFor[classify.Confidence]():
		return schema{"enum": []any{"none", "low", "medium", "high"}}
	case reflect.TypeFor[yamlfile.Size]():
		return schema{"type": "string", "pattern": `^[0-9]+([KMGT]i?)?B$`}
	case reflect.TypeFor[yamlfile.Duration]():
		return schema{"type": "string", "minLength": 2, "pattern": `^([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$`}
	}
	return nil
}

// ref puts the schema of a type among the definitions, once, so that conditions can hold conditions.
func (s *schemas) ref(t reflect.Type, make func() schema) schema {
	name := strings.TrimSuffix(t.Name(), "Node")
	if _, ok := s.defs[name]; !ok {
		s.defs[name] = schema{}
		s.defs[name] = make()
	}
	return schema{"$ref": "#/definitions/" + name}
}

func (s *schemas) use() schema {
	packs := append(PackNames(), "nor")
	properties := schema{}
	var names []any
	for _, p := range packs {
		names = append(names, p)
		properties[p] = s.value(reflect.TypeFor[narrow](), nil)
	}
	return either(schema{"enum": names}, schema{"type": "object", "additionalProperties": false, "minProperties": 1, "maxProperties": 1, "properties": properties})
}

func (s *schemas) unscannable() schema {
	properties := schema{}
	for _, r := range reasons {
		properties[string(r.reason)] = s.value(reflect.TypeFor[outcome](), nil)
	}
	return schema{"type": "object", "additionalProperties": false, "properties": properties}
}

func either(all ...schema) schema { return schema{"anyOf": all} }

func oneOrMore(one schema) schema { return either(one, schema{"type": "array", "items": one}) }

// scalar is a string, which may be written without quotes though it looks like something else.
func scalar(enum []string) schema {
	if enum == nil {
		return schema{"type": []any{"string", "number", "boolean"}}
	}
	return schema{"enum": enum}
}

// orList is a string of a list: one of some words, or the name of another list.
func orList(enum []string) schema {
	if enum == nil {
		return scalar(nil)
	}
	return either(schema{"enum": enum}, schema{"type": "string", "pattern": "^@"})
}

func whole(enum []string) schema {
	if enum == nil {
		return schema{"type": "integer"}
	}
	var numbers []any
	for _, s := range enum {
		if n, err := strconv.Atoi(s); err == nil {
			numbers = append(numbers, n)
		}
	}
	if len(numbers) == 1 {
		return schema{"const": numbers[0]}
	}
	return schema{"enum": numbers}
}

// languageTypes are the structs of the language in the order in which the reference tells of them, with the path at which
// each first stands.
func languageTypes() []languageType {
	seen := map[reflect.Type]bool{}
	all := []languageType{{"", reflect.TypeFor[file]()}}
	for i := 0; i < len(all); i++ {
		for _, f := range keysOf(all[i].t) {
			name, _ := keyOf(f)
			path := strings.TrimPrefix(all[i].path+"."+name, ".")
			if t := structIn(f.Type); t != nil && !seen[t] {
				seen[t] = true
				all = append(all, languageType{path, t})
			}
		}
	}
	return all
}

type languageType struct {
	path string
	t    reflect.Type
}

// structIn is the struct that a key holds, alone, in a list or by name; nil when it holds none.
func structIn(t reflect.Type) reflect.Type {
	switch t {
	case reflect.TypeFor[useEntry]():
		return reflect.TypeFor[narrow]()
	case reflect.TypeFor[outcome]():
		return reflect.TypeFor[outcomeNode]()
	case reflect.TypeFor[text](), reflect.TypeFor[number](), reflect.TypeFor[yamlfile.Pos]():
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return structIn(t.Elem())
	case reflect.Struct:
		return t
	}
	return nil
}
