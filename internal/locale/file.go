package locale

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// file is what one text file says, by key.
type file map[string]entry

// entry is one text, or its plural forms. A text without forms stands under other.
type entry struct {
	plural bool
	forms  map[string]text
}

// pluralForms are the forms of CLDR that our languages have for whole numbers.
// A language with others brings its own list.
var pluralForms = []string{"one", "other"}

// readFile reads a flat object whose values are strings or objects of plural forms.
// It reads token by token, because a key that stands twice must not win silently.
func readFile(fsys fs.FS, name, lang string) (file, error) {
	b, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("read text file %s: %w", name, err)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	f := make(file)
	err = readObject(dec, func(key string) error {
		if _, twice := f[key]; twice {
			return fmt.Errorf("key %q: stands twice", key)
		}
		e, err := readEntry(dec, lang)
		if err != nil {
			return fmt.Errorf("key %q: %w", key, err)
		}
		f[key] = e
		return nil
	})
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something follows the object")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("text file %s: %w", name, err)
	}
	return f, nil
}

// readObject reads { "key": value, ... }; the callback reads the value.
func readObject(dec *json.Decoder, value func(key string) error) error {
	open, err := dec.Token()
	if err != nil {
		return fmt.Errorf("read JSON: %w", err)
	}
	if open != json.Delim('{') {
		return errors.New("want an object")
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return fmt.Errorf("read JSON: %w", err)
		}
		name, ok := key.(string)
		if !ok {
			return errors.New("want a name")
		}
		if err := value(name); err != nil {
			return err
		}
	}
	_, err = dec.Token()
	return err
}

func readEntry(dec *json.Decoder, lang string) (entry, error) {
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return entry{}, fmt.Errorf("read JSON: %w", err)
	}
	if !bytes.HasPrefix(raw, []byte("{")) {
		var s string
		if err := json.Unmarshal(raw, &s); err != nil {
			return entry{}, errors.New("want a text or an object of plural forms")
		}
		t, err := compile(tidy(s, lang))
		return entry{forms: map[string]text{"other": t}}, err
	}
	return readPlural(raw, lang)
}

func readPlural(raw json.RawMessage, lang string) (entry, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	e := entry{plural: true, forms: make(map[string]text)}
	err := readObject(dec, func(form string) error {
		if !slices.Contains(pluralForms, form) {
			return fmt.Errorf("plural form %q: use %s", form, strings.Join(pluralForms, " and "))
		}
		if _, twice := e.forms[form]; twice {
			return fmt.Errorf("plural form %q: stands twice", form)
		}
		var s string
		if err := dec.Decode(&s); err != nil {
			return fmt.Errorf("plural form %q: want a text", form)
		}
		t, err := compile(tidy(s, lang))
		e.forms[form] = t
		return err
	})
	if err != nil {
		return entry{}, err
	}
	for _, form := range pluralForms {
		if _, ok := e.forms[form]; !ok {
			return entry{}, fmt.Errorf("plural form %q lacks", form)
		}
	}
	return e, nil
}

// fits says what differs between two languages' texts of one key.
func (e entry) fits(other entry) error {
	if e.plural != other.plural {
		return errors.New("plural forms in one language only")
	}
	if a, b := e.names(), other.names(); !slices.Equal(a, b) {
		return fmt.Errorf("placeholders %v differ from %v", b, a)
	}
	return nil
}

// names returns the placeholders of all forms, sorted. A form may leave out the
// number, and either way of writing it counts as the same.
func (e entry) names() []string {
	set := make(map[string]bool)
	for _, t := range e.forms {
		for _, p := range t.parts {
			if p.kind == param && (!e.plural || p.text != "N" && p.text != "Word") {
				set[p.text] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(set))
}
