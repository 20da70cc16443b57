package policy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"sigill/internal/classify"
	"sigill/internal/yamlfile"
)

// Reference is the page that lists every key of the language and every detector of every pack, in Markdown.
func Reference() (string, error) {
	var b strings.Builder
	b.WriteString("# What can stand in a policy?\n\nThis page is made of the program by `make docs`. [How the policy decides](policy.md) tells how to use it.\n" +
		"`sigill policy schema` prints the same for editors.\n\n## Keys\n")
	for _, l := range languageTypes() {
		writeKeys(&b, l)
	}
	b.WriteString("\n## What cannot be read\n\nThe keys of `unscannable`, and what happens when a policy does not say:\n\n| Reason | Outcome |\n|---|---|\n")
	for _, r := range reasons {
		outcome := "pass"
		if r.level > 0 {
			outcome = fmt.Sprintf("level %d", r.level)
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", r.reason, outcome)
	}
	b.WriteString("\n## Packs\n\nEach detector, what it finds, how sure it is of that by the form alone and with a word near it, what is checked, and the\n" +
		"words that make it surer. Rules take `medium` and above unless they say otherwise.\n")
	for _, name := range PackNames() {
		p, err := readPack(name)
		if err != nil {
			return "", err
		}
		p.write(&b)
	}
	return b.String(), nil
}

func writeKeys(b *strings.Builder, l languageType) {
	title := "`" + l.path + "`"
	if l.path == "" {
		title = "The file"
	}
	fmt.Fprintf(b, "\n### %s\n\n| Key | Takes | Means |\n|---|---|---|\n", title)
	for _, f := range keysOf(l.t) {
		name, required := keyOf(f)
		must := ""
		if required {
			must = ", required"
		}
		fmt.Fprintf(b, "| `%s` | %s%s | %s |\n", name, takes(f.Type, enumOf(f)), must, escapeCell(f.Tag.Get("doc")))
	}
}

func escapeCell(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "'", "`"), "|", "\\|")
}

// takes says in words what a key takes.
func takes(t reflect.Type, enum []string) string {
	words := strings.Join(enum, ", ")
	switch t {
	case reflect.TypeFor[text]():
		return orWords(words, "a text")
	case reflect.TypeFor[number]():
		return orWords(words, "a number")
	case reflect.TypeFor[texts](), reflect.TypeFor[scopes]():
		if words != "" {
			return "one or more of " + words
		}
		return "one or a list"
	case reflect.TypeFor[titles]():
		return "a text, or one by language"
	case reflect.TypeFor[langWords]():
		return "words, or words by language"
	case reflect.TypeFor[[]useEntry]():
		return "names, or names with what to narrow them to"
	case reflect.TypeFor[whenNodes]():
		return "a condition or a list"
	case reflect.TypeFor[map[string]outcome]():
		return "by reason: pass, or a level"
	case reflect.TypeFor[classify.Confidence]():
		return "none, low, medium, high"
	case reflect.TypeFor[levelText]():
		return "pass, 1, 2"
	case reflect.TypeFor[yamlfile.Size]():
		return "a size"
	case reflect.TypeFor[yamlfile.Duration]():
		return "a length of time"
	}
	switch t.Kind() {
	case reflect.Pointer:
		return takes(t.Elem(), enum)
	case reflect.Slice:
		return "a list"
	case reflect.Map:
		return "by name"
	case reflect.Struct:
		return "keys"
	case reflect.Bool:
		return "true, false"
	case reflect.Int:
		return orWords(words, "a number")
	}
	return orWords(words, "a text")
}

func orWords(words, otherwise string) string {
	if words != "" {
		return words
	}
	return otherwise
}

func (p *pack) write(b *strings.Builder) {
	fmt.Fprintf(b, "\n### `%s`\n\n| Detector | Finds | By form | With words | Checked by | Words near it |\n|---|---|---|---|---|---|\n", p.name)
	for i := range p.detectors {
		d := &p.detectors[i]
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s | %s |\n", d.ID, escapeCell(d.Title.byLanguage(d.ID)["en"]), d.byForm(), d.surest(), d.checks(), d.nearWords())
	}
}

// byForm is the highest confidence without any word near it.
func (d *detectorNode) byForm() classify.Confidence {
	bare := *d
	bare.Context = nil
	return bare.surest()
}

func (d *detectorNode) checks() string {
	var all []string
	for _, v := range d.Validate {
		all = append(all, "`"+v.Value+"`")
	}
	switch {
	case len(d.Words)+len(d.Groups) > 0:
		all = append(all, "words of its list")
	case len(all) == 0:
		all = append(all, "its form")
	}
	return strings.Join(all, ", ")
}

// nearWords are some of the words that make a detector surer.
func (d *detectorNode) nearWords() string {
	const most = 6
	var words []string
	for i := range d.Context {
		r := &d.Context[i]
		if r.Shift.Value < 0 || r.Set != nil && *r.Set <= classify.Low {
			continue
		}
		for _, w := range r.Near {
			if s := strings.TrimSuffix(w.Value, "$"); !slices.Contains(words, s) {
				words = append(words, s)
			}
		}
	}
	more := ""
	if len(words) > most {
		words, more = words[:most], ", ..."
	}
	return escapeCell(strings.Join(words, ", ")) + more
}
