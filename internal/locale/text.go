package locale

import (
	"errors"
	"fmt"
	"html"
	"html/template"
	"strings"
	"unicode"
)

// text is one text cut into its parts.
type text struct {
	raw   string
	parts []part
}

type partKind uint8

const (
	literal partKind = iota
	param            // {{.Name}}; text is the name
	strong           // ** opens or closes
)

type part struct {
	kind partKind
	text string
}

// compile cuts a text at its placeholders and marks.
func compile(raw string) (text, error) {
	t := text{raw: raw}
	if strings.TrimSpace(raw) == "" {
		return t, errors.New("the text is empty")
	}
	marks := 0
	for rest := raw; rest != ""; {
		at := strings.IndexAny(rest, "{*")
		switch {
		case at < 0:
			t.parts = append(t.parts, part{literal, rest})
			rest = ""
		case strings.HasPrefix(rest[at:], "**"):
			t.literal(rest[:at])
			t.parts = append(t.parts, part{kind: strong})
			marks++
			rest = rest[at+2:]
		case strings.HasPrefix(rest[at:], "{{"):
			name, after, ok := strings.Cut(rest[at+2:], "}}")
			name, dot := strings.CutPrefix(name, ".")
			if !ok || !dot || !isName(name) {
				return t, fmt.Errorf("placeholder in %q: want {{.Name}}", raw)
			}
			t.literal(rest[:at])
			t.parts = append(t.parts, part{param, name})
			rest = after
		default:
			t.literal(rest[:at+1])
			rest = rest[at+1:]
		}
	}
	if marks%2 != 0 {
		return t, fmt.Errorf("marks in %q: ** is not closed", raw)
	}
	return t, nil
}

func (t *text) literal(s string) {
	if s != "" {
		t.parts = append(t.parts, part{literal, s})
	}
}

func isName(s string) bool {
	for i, r := range s {
		if !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}

// plain puts the values in and drops the marks. A placeholder without a value stays
// as it is, where a test sees it.
func (t text) plain(values map[string]any) string {
	var b strings.Builder
	for _, p := range t.parts {
		switch p.kind {
		case literal:
			b.WriteString(p.text)
		case param:
			b.WriteString(valueOf(values, p.text))
		case strong:
		}
	}
	return b.String()
}

// markup puts the values in, escaped, and turns the marks into <b>.
func (t text) markup(values map[string]any) template.HTML {
	var b strings.Builder
	open := false
	for _, p := range t.parts {
		switch p.kind {
		case literal:
			b.WriteString(html.EscapeString(p.text))
		case param:
			if h, ok := values[p.text].(template.HTML); ok {
				b.WriteString(string(h))
				continue
			}
			b.WriteString(html.EscapeString(valueOf(values, p.text)))
		case strong:
			open = !open
			if open {
				b.WriteString("<b>")
			} else {
				b.WriteString("</b>")
			}
		}
	}
	return template.HTML(b.String()) //nolint:gosec // literals are ours, values were escaped
}

func valueOf(values map[string]any, name string) string {
	v, ok := values[name]
	if !ok {
		return "{{." + name + "}}"
	}
	if s, ok := v.(string); ok {
		return s
	}
	return fmt.Sprint(v)
}
