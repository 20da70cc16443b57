package yamlfile

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// Decode fills into, a pointer, from the YAML in data; name is the file's name in errors. What the file does not mention
// keeps the value it has. All problems are returned together, as Errors; a destination that cannot be decoded into at all
// is a plain error.
//
// Fields are named by their `yaml:"name"` tag, else by their own name in lower case; `yaml:"-"` is left alone,
// `yaml:",inline"` puts a struct's fields in the map around it, and `yaml:"name,required"` must be in the file.
// Types that implement Unmarshaler or encoding.TextUnmarshaler read themselves; time.Duration is read as Duration is.
func Decode(name string, data []byte, into any) error {
	_, err := DecodePositions(name, data, into)
	return err
}

// Positions is the place of every value of a file by its dotted path.
type Positions struct {
	file   string
	places map[string]Pos
}

// At is the place of the value at a dotted path, or of the nearest one around it, or the file alone.
func (p Positions) At(path string) Pos {
	for path != "" {
		if place, ok := p.places[path]; ok {
			return place
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return Pos{File: p.file}
}

// Has says whether the file holds a value at a dotted path.
func (p Positions) Has(path string) bool {
	_, found := p.places[path]
	return found
}

// DecodePositions is Decode, and says where each value stands, for checks that come after.
func DecodePositions(name string, data []byte, into any) (Positions, error) {
	positions := Positions{file: name, places: map[string]Pos{}}
	root, err := parse(name, data)
	if err != nil || root == nil {
		return positions, err
	}
	n := newNode(name, "", nil, root)
	positions.collect(n)
	return positions, n.Decode(into)
}

func (p Positions) collect(n *Node) {
	for _, item := range n.List() {
		p.places[item.path] = item.Pos()
		p.collect(item)
	}
	for _, entry := range n.Entries() {
		p.places[entry.Value.path] = entry.Pos
		p.collect(entry.Value)
	}
}

func decodeNode(n *Node, into any) error {
	v := reflect.ValueOf(into)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return fmt.Errorf("decode %s into %T: not a pointer", n.file, into)
	}
	d := decoder{}
	d.value(n, v.Elem())
	if d.misuse != nil {
		return d.misuse
	}
	return d.problems.Err()
}

// decoder fills one destination and gathers what is wrong on the way.
type decoder struct {
	problems Errors
	misuse   error // a destination of a type that has no meaning in a file
}

func (d *decoder) add(err error, n *Node) {
	if err != nil {
		d.problems = append(d.problems, asErrors(err, n)...)
	}
}

var (
	posType      = reflect.TypeFor[Pos]()
	nodeType     = reflect.TypeFor[Node]()
	durationType = reflect.TypeFor[time.Duration]()
)

func (d *decoder) value(n *Node, v reflect.Value) {
	if v.Kind() == reflect.Pointer && v.Type() != reflect.TypeFor[*Node]() {
		if n.Kind() == Null {
			return
		}
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		d.value(n, v.Elem())
		return
	}
	if v.CanAddr() && d.self(n, v.Addr().Interface()) {
		return
	}
	switch v.Type() {
	case durationType:
		d.duration(n, v)
		return
	case nodeType:
		v.Set(reflect.ValueOf(*n))
		return
	}
	d.kind(n, v)
}

// self lets a destination read itself, and says whether it does.
func (d *decoder) self(n *Node, target any) bool {
	switch target := target.(type) {
	case **Node:
		*target = n
	case Unmarshaler:
		d.add(target.UnmarshalYAMLFile(n), n)
	case encoding.TextUnmarshaler:
		if k := n.Kind(); k == Null || k == List || k == Map {
			d.add(n.wrong("a string"), n)
			return true
		}
		d.add(target.UnmarshalText([]byte(n.String())), n)
	default:
		return false
	}
	return true
}

func (d *decoder) kind(n *Node, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v)
	case reflect.Map:
		d.mapping(n, v)
	case reflect.Slice:
		d.list(n, v)
	case reflect.Interface:
		d.natural(n, v)
	default:
		d.scalar(n, v)
	}
}

func (d *decoder) scalar(n *Node, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		d.text(n, v)
	case reflect.Bool:
		d.boolean(n, v)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		d.signed(n, v)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		d.unsigned(n, v)
	case reflect.Float32, reflect.Float64:
		value, err := n.float()
		d.add(err, n)
		v.SetFloat(value)
	default:
		d.misuse = fmt.Errorf("decode %s at %q: values of type %s do not stand in files", n.file, n.path, v.Type())
	}
}

func (d *decoder) signed(n *Node, v reflect.Value) {
	value, err := n.integer()
	if err == nil && v.OverflowInt(value) {
		err = n.problem("the number is too large")
	}
	if err != nil {
		d.add(err, n)
		return
	}
	v.SetInt(value)
}

func (d *decoder) unsigned(n *Node, v reflect.Value) {
	value, err := n.integer()
	if err == nil && (value < 0 || v.OverflowUint(uint64(value))) {
		err = n.problem("the number is negative or too large")
	}
	if err != nil {
		d.add(err, n)
		return
	}
	v.SetUint(uint64(value)) //nolint:gosec // not negative: refused above
}

func (d *decoder) text(n *Node, v reflect.Value) {
	switch n.Kind() {
	case List, Map:
		d.add(n.wrong("a string"), n)
	case Null:
		if n.y.Value != "" {
			d.add(n.problem("%s means nothing here; put it in quotes if the word is meant", n.y.Value), n)
			return
		}
		d.add(n.wrong(`a string ("" for an empty one)`), n)
	case Bool, Int, Float, String:
		v.SetString(n.y.Value)
	}
}

func (d *decoder) boolean(n *Node, v reflect.Value) {
	if n.Kind() != Bool {
		if n.Kind() == String && !n.Quoted() {
			d.add(n.problem("must be true or false, not %s", clip(n.y.Value)), n)
			return
		}
		d.add(n.wrong("true or false, without quotes"), n)
		return
	}
	v.SetBool(n.y.Value == "true")
}

func (d *decoder) duration(n *Node, v reflect.Value) {
	var value Duration
	d.add(value.UnmarshalYAMLFile(n), n)
	v.SetInt(int64(value))
}

func (d *decoder) list(n *Node, v reflect.Value) {
	switch n.Kind() {
	case Null:
		return
	case List:
	case Bool, Int, Float, String, Map:
		d.add(n.wrong("a list, such as [a, b]"), n)
		return
	}
	items := n.List()
	list := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		if item.Kind() == Null && item.y.Value == "" {
			d.add(item.problem("an empty place in a list; remove it or give it a value"), item)
			continue
		}
		d.value(item, list.Index(i))
	}
	v.Set(list)
}

// mapping fills a map whose keys are strings. Entries that are there stay unless the file names them.
func (d *decoder) mapping(n *Node, v reflect.Value) {
	if v.Type().Key().Kind() != reflect.String {
		d.misuse = fmt.Errorf("decode %s at %q: keys of type %s do not stand in files", n.file, n.path, v.Type().Key())
		return
	}
	switch n.Kind() {
	case Null:
		return
	case Map:
	case Bool, Int, Float, String, List:
		d.add(n.wrong("a map of key: value"), n)
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for _, entry := range n.Entries() {
		item := reflect.New(v.Type().Elem()).Elem()
		d.value(entry.Value, item)
		v.SetMapIndex(reflect.ValueOf(entry.Key).Convert(v.Type().Key()), item)
	}
}

// natural fills an empty interface with string, bool, int64, float64, []any, map[string]any or nil.
func (d *decoder) natural(n *Node, v reflect.Value) {
	if v.NumMethod() > 0 {
		d.misuse = fmt.Errorf("decode %s at %q: values of type %s do not stand in files", n.file, n.path, v.Type())
		return
	}
	var target reflect.Value
	switch n.Kind() {
	case Null:
		v.SetZero()
		return
	case Bool:
		target = reflect.New(reflect.TypeFor[bool]())
	case Int:
		target = reflect.New(reflect.TypeFor[int64]())
	case Float:
		target = reflect.New(reflect.TypeFor[float64]())
	case String:
		target = reflect.New(reflect.TypeFor[string]())
	case List:
		target = reflect.New(reflect.TypeFor[[]any]())
	case Map:
		target = reflect.New(reflect.TypeFor[map[string]any]())
	}
	d.value(n, target.Elem())
	v.Set(target.Elem())
}

// field is one key that a struct takes.
type field struct {
	name     string
	index    []int
	required bool
}

func (d *decoder) structure(n *Node, v reflect.Value) {
	fields := d.fields(n, v.Type(), nil)
	setPos(n, v)
	switch n.Kind() {
	case Null, Map:
	case Bool, Int, Float, String, List:
		d.add(n.wrong("a map of key: value"), n)
		return
	}
	given := map[string]*Node{}
	for _, entry := range n.Entries() {
		if i := find(fields, entry.Key); i < 0 {
			d.add(n.unknownKey(entry, names(fields)), n)
		} else {
			d.value(entry.Value, v.FieldByIndex(fields[i].index))
		}
		given[entry.Key] = entry.Value
	}
	for _, f := range fields {
		if f.required && given[f.name] == nil {
			d.add(n.problem("the key %q is missing", f.name), n)
		}
	}
}

// fields is every key that a struct of type t takes, those of inlined structs included.
func (d *decoder) fields(n *Node, t reflect.Type, index []int) []field {
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		tag, options, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		at := append(append([]int{}, index...), i)
		switch {
		case !f.IsExported() || tag == "-" || f.Type == posType:
		case options == "inline" && f.Type.Kind() == reflect.Struct:
			fields = append(fields, d.fields(n, f.Type, at)...)
		case options != "" && options != "required":
			d.misuse = fmt.Errorf("decode %s: field %s of %s has the unknown option %q", n.file, f.Name, t, options)
		default:
			if tag == "" {
				tag = strings.ToLower(f.Name)
			}
			fields = append(fields, field{name: tag, index: at, required: options == "required"})
		}
	}
	return fields
}

// setPos fills the fields of type Pos with the place of the key that the map stands under, or of the map itself.
func setPos(n *Node, v reflect.Value) {
	place := n.Pos()
	if n.key != nil {
		place = Pos{File: n.file, Line: n.key.Line, Column: n.key.Column}
	}
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.Type == posType && f.IsExported() {
			v.Field(i).Set(reflect.ValueOf(place))
		}
	}
}

func find(fields []field, name string) int {
	for i, f := range fields {
		if f.name == name {
			return i
		}
	}
	return -1
}

func names(fields []field) []string {
	list := make([]string, len(fields))
	for i, f := range fields {
		list[i] = f.name
	}
	return list
}

// OneOrMore is a list that may be written without brackets when it holds one value.
type OneOrMore[T any] []T

// UnmarshalYAMLFile takes a list of T or one T.
func (o *OneOrMore[T]) UnmarshalYAMLFile(n *Node) error {
	if n.Kind() == List {
		return n.Decode((*[]T)(o))
	}
	one := make([]T, 1)
	if err := n.Decode(&one[0]); err != nil {
		return err
	}
	*o = one
	return nil
}
