package locale

import (
	"fmt"
	"html/template"
	"maps"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	i18ntemplate "github.com/nicksnyder/go-i18n/v2/i18n/template"
)

// Printer writes texts, times and numbers as one reader expects them. It may be
// used by many at the same time.
type Printer struct {
	words *words
	zone  *time.Location
}

// Lang returns the code of the printer's language, for the lang attribute.
func (p *Printer) Lang() string { return p.words.lang }

// T returns the text of a key as plain text. The values are one map[string]any, or
// names and values in turn. A key that does not exist returns itself.
func (p *Printer) T(key string, values ...any) string {
	t, ok := p.words.texts[key]
	if !ok {
		return key
	}
	return t.plain(pairs(values))
}

// H is [Printer.T] as HTML: **marks** become <b>, values are escaped unless they
// are [template.HTML].
func (p *Printer) H(key string, values ...any) template.HTML {
	t, ok := p.words.texts[key]
	if !ok {
		return template.HTML(template.HTMLEscapeString(key)) //nolint:gosec // escaped
	}
	return t.markup(pairs(values))
}

// N returns the form of a text that fits the number n. Besides the values, it puts
// in n as N, in digits, and as Word, in letters up to twenty.
func (p *Printer) N(key string, n int, values ...any) string {
	t, ok := p.form(key, n)
	if !ok {
		return key
	}
	return t.plain(p.counted(n, values))
}

// HN is [Printer.N] as HTML.
func (p *Printer) HN(key string, n int, values ...any) template.HTML {
	t, ok := p.form(key, n)
	if !ok {
		return template.HTML(template.HTMLEscapeString(key)) //nolint:gosec // escaped
	}
	return t.markup(p.counted(n, values))
}

func (p *Printer) form(key string, n int) (text, bool) {
	forms, ok := p.words.forms[key]
	if !ok {
		return text{}, false
	}
	raw, err := p.words.plurals.Localize(&i18n.LocalizeConfig{
		MessageID: key, PluralCount: n, TemplateParser: i18ntemplate.IdentityParser{},
	})
	if err != nil {
		return text{}, false
	}
	t, ok := forms[raw]
	return t, ok
}

func (p *Printer) counted(n int, values []any) map[string]any {
	all := map[string]any{"N": p.Int(int64(n)), "Word": p.Word(n)}
	maps.Copy(all, pairs(values))
	return all
}

// pairs reads the values of [Printer.T].
func pairs(values []any) map[string]any {
	if len(values) == 0 {
		return nil
	}
	if m, ok := values[0].(map[string]any); ok {
		return m
	}
	m := make(map[string]any, len(values)/2)
	for i := 0; i+1 < len(values); i += 2 {
		m[fmt.Sprint(values[i])] = values[i+1]
	}
	return m
}
