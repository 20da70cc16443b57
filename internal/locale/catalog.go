package locale

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

//go:embed text/*.json
var embedded embed.FS

// languages are those that every area must have, in the order in which a page offers them.
var languages = []string{"sv", "nl", "en"}

// fallback is the language of a reader whose own is not known.
const fallback = "en"

// Catalog holds every text in every language. It never changes once it is loaded,
// and may be used by many at the same time.
type Catalog struct {
	words map[string]*words // by language
}

// words are the texts of one language.
type words struct {
	lang    string
	texts   map[string]text            // by key, where there are no plural forms
	forms   map[string]map[string]text // by key and raw text of the form
	plurals *i18n.Localizer
}

// New loads the texts that the program carries. The error names every file and key
// at which a text lacks or does not fit the other languages.
func New() (*Catalog, error) {
	sub, err := fs.Sub(embedded, "text")
	if err != nil {
		return nil, fmt.Errorf("open texts: %w", err)
	}
	return load(sub)
}

// load reads all <area>.<lang>.json at the top of fsys.
func load(fsys fs.FS) (*Catalog, error) {
	names, err := fs.Glob(fsys, "*.json")
	if err != nil {
		return nil, fmt.Errorf("list texts: %w", err)
	}
	files := make(map[string]map[string]file) // area, language
	for _, name := range names {
		area, lang, err := splitName(name)
		if err != nil {
			return nil, err
		}
		f, err := readFile(fsys, name, lang)
		if err != nil {
			return nil, err
		}
		if files[area] == nil {
			files[area] = make(map[string]file)
		}
		files[area][lang] = f
	}
	if err := compare(files); err != nil {
		return nil, err
	}
	return build(files)
}

func splitName(name string) (area, lang string, err error) {
	area, lang, ok := strings.Cut(strings.TrimSuffix(path.Base(name), ".json"), ".")
	if !ok || area == "" || !slices.Contains(languages, lang) {
		return "", "", fmt.Errorf("text file %s: want <area>.<lang>.json with a language of %v", name, languages)
	}
	return area, lang, nil
}

// compare refuses areas whose languages differ.
func compare(files map[string]map[string]file) error {
	var all []error
	for _, area := range slices.Sorted(maps.Keys(files)) {
		for _, lang := range languages {
			if _, ok := files[area][lang]; !ok {
				all = append(all, fmt.Errorf("text file %s.%s.json: lacks, while the area has other languages", area, lang))
			}
		}
		all = append(all, compareArea(area, files[area])...)
	}
	return errors.Join(all...)
}

func compareArea(area string, byLang map[string]file) (all []error) {
	keys := make(map[string]bool)
	for _, f := range byLang {
		for key := range f {
			keys[key] = true
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		var first *entry
		var firstLang string
		for _, lang := range languages {
			f, ok := byLang[lang]
			if !ok {
				continue
			}
			e, ok := f[key]
			if !ok {
				all = append(all, fmt.Errorf("text file %s.%s.json: key %q lacks", area, lang, key))
				continue
			}
			if first == nil {
				first, firstLang = &e, lang
				continue
			}
			if err := first.fits(e); err != nil {
				all = append(all, fmt.Errorf("text file %s.%s.json: key %q: %w, unlike %s.%s.json", area, lang, key, err, area, firstLang))
			}
		}
	}
	return all
}

// build makes the catalog of files that were compared.
func build(files map[string]map[string]file) (*Catalog, error) {
	c := &Catalog{words: make(map[string]*words)}
	bundle := i18n.NewBundle(language.English)
	for _, lang := range languages {
		w := &words{lang: lang, texts: make(map[string]text), forms: make(map[string]map[string]text)}
		for area, byLang := range files {
			for key, e := range byLang[lang] {
				if err := w.add(bundle, area+"."+key, e); err != nil {
					return nil, fmt.Errorf("text file %s.%s.json: key %q: %w", area, lang, key, err)
				}
			}
		}
		w.plurals = i18n.NewLocalizer(bundle, lang)
		c.words[lang] = w
	}
	return c, nil
}

func (w *words) add(bundle *i18n.Bundle, key string, e entry) error {
	if !e.plural {
		w.texts[key] = e.forms["other"]
		return nil
	}
	raw := make(map[string]any, len(e.forms)+1)
	w.forms[key] = make(map[string]text, len(e.forms))
	for form, t := range e.forms {
		raw[form] = t.raw
		w.forms[key][t.raw] = t
	}
	raw["id"] = key
	m, err := i18n.NewMessage(raw)
	if err != nil {
		return fmt.Errorf("read plural forms: %w", err)
	}
	if err := bundle.AddMessages(language.Make(w.lang), m); err != nil {
		return fmt.Errorf("add plural forms: %w", err)
	}
	return nil
}

// Languages returns the codes of all languages, in the order in which to offer them.
func (c *Catalog) Languages() []string { return slices.Clone(languages) }

// Has says whether there is a text under the key, for tests of those who use keys.
func (c *Catalog) Has(key string) bool {
	w := c.words[fallback]
	_, one := w.texts[key]
	_, many := w.forms[key]
	return one || many
}

// Printer writes in one language and in the local time of one zone. An unknown
// language becomes English, a nil zone UTC.
func (c *Catalog) Printer(lang string, zone *time.Location) *Printer {
	w, ok := c.words[lang]
	if !ok {
		w = c.words[fallback]
	}
	if zone == nil {
		zone = time.UTC
	}
	return &Printer{words: w, zone: zone}
}
