package config

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/yamlfile"
)

// pageRow is a row of the tables in docs/configuration.md: key, default, meaning.
var pageRow = regexp.MustCompile("(?m)^\\| `([a-z_.\\[\\]]+)` \\| ([^|]*) \\| [^|]+ \\|$")

// TestPage proves that docs/configuration.md has a row for every key, in the order of the sections, and no others, and
// that the defaults it gives are those of the shortest file there is.
func TestPage(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	c, err := parse("f", []byte(least), noEnvironment)
	if err != nil {
		t.Fatal(err)
	}
	c.Organisation = Default().Organisation // what the shortest file says itself is no default
	c.SMTP.Hostname, c.SMTP.Networks, c.Portal.BaseURL, c.Relay.NextHop.URL, c.Notices = "", nil, "", "", Notices{}
	c.Relay.Hello, c.Relay.Inbound.TLS = "", c.Relay.NextHop.TLS
	var got [][2]string
	for _, row := range pageRow.FindAllSubmatch(data, -1) {
		got = append(got, [2]string{string(row[1]), strings.Trim(string(row[2]), "`")})
	}
	var want [][2]string
	for _, key := range keys(reflect.TypeFor[Config](), "") {
		want = append(want, [2]string{key, valueAt(reflect.ValueOf(*c), key)})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys and defaults (-config, +page):\n%s", diff)
	}
}

// valueAt is the value at a dotted path as a file would write it; a required or empty one is "".
func valueAt(v reflect.Value, key string) string {
	name, rest, deeper := strings.Cut(key, ".")
	if list, isList := strings.CutSuffix(name, "[]"); isList {
		return valueAt(reflect.Zero(field(v, list).Type().Elem()), rest)
	}
	if v = field(v, name); deeper {
		return valueAt(v, rest)
	}
	switch {
	case v.Type() != reflect.TypeFor[yamlfile.Duration]() && v.Type() != reflect.TypeFor[int]() && v.Kind() != reflect.Bool && v.IsZero():
		return ""
	case v.Kind() == reflect.Slice:
		var all []string
		for i := range v.Len() {
			all = append(all, fmt.Sprint(v.Index(i)))
		}
		return "[" + strings.Join(all, ", ") + "]"
	}
	return fmt.Sprint(v)
}

// field is the field with the yaml name, in v or in what is inlined into it.
func field(v reflect.Value, name string) reflect.Value {
	for i := range v.NumField() {
		tag, options, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		if tag == name {
			return v.Field(i)
		}
		if options == "inline" {
			if f := field(v.Field(i), name); f.IsValid() {
				return f
			}
		}
	}
	return reflect.Value{}
}
