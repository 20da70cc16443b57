package extract

import (
	"bytes"
	"strings"
)

// additions are what style sheets add to elements (CSS Content 3): text before or behind that of the element, from strings and
// from its attributes.
type additions struct {
	adds   map[string][]addition // by the last part of a selector
	rules  []addition            // for the element that begins
	values []value               // its attributes
	spent  int                   // bytes added so far
	behind map[string]string     // what the next end of an element of that name adds
}

type addition struct {
	parts  []value // strings, or names of attributes
	behind bool
}

// value is an attribute; a string has no key.
type value struct{ key, val string }

// Bounds of what is remembered for one element.
const (
	maxValues    = 8
	maxAdditions = 8
	maxValue     = 256     // bytes of a string or an attribute
	maxInserted  = 1 << 20 // bytes of all that is added to a document
)

// additionsOf reads the style sheets of a document for them.
func additionsOf(doc []byte) map[string][]addition {
	var found map[string][]addition
	if !bytes.Contains(doc, []byte("{")) {
		return nil
	}
	rules(doc, func(selectors, body string) {
		low := strings.ToLower(body)
		if !strings.Contains(low, "content") && !strings.Contains(body, `\`) {
			return
		}
		parts := contentOf(unescapeColons(body))
		if len(parts) == 0 {
			return
		}
		if found == nil {
			found = map[string][]addition{}
		}
		for s := range strings.SplitSeq(selectors, ",") {
			low := strings.ToLower(s)
			key := selectorKey(s)
			if key == "" {
				key = "*"
			}
			if len(found) < maxDistinct && len(found[key]) < maxAdditions {
				found[key] = append(found[key], addition{parts, strings.Contains(low, ":after")})
			}
		}
	})
	return found
}

// unescapeColons undoes escapes outside of strings: names may be written with them.
func unescapeColons(body string) string {
	i := strings.IndexByte(body, ':')
	if i < 0 || strings.IndexByte(body[:i], '\\') < 0 {
		return body
	}
	return unescapeStyle(body[:i]) + body[i:]
}

// contentOf returns the parts of the declaration of "content".
func contentOf(body string) []value {
	i := strings.Index(strings.ToLower(body), "content")
	if i < 0 || i+len("content") > len(body) {
		return nil
	}
	s := strings.TrimLeft(body[i+len("content"):], " \t\r\n\f")
	if !strings.HasPrefix(s, ":") {
		return nil
	}
	var parts []value
	for s = s[1:]; s != "" && s[0] != ';'; {
		switch {
		case s[0] == '"' || s[0] == '\'':
			n := styleString(s)
			parts = append(parts, value{"", unescapeStyle(s[1:min(n, maxValue)])})
			s = s[min(len(s), n+1):]
		case len(s) > 5 && strings.EqualFold(s[:5], "attr("):
			name, rest, _ := strings.Cut(s[5:], ")")
			name, _, _ = strings.Cut(strings.TrimSpace(name), ",")
			name, _, _ = strings.Cut(name, " ")
			parts = append(parts, value{strings.ToLower(name), ""})
			s = rest
		default:
			s = s[1:]
		}
		if len(parts) > maxValues {
			break
		}
	}
	return parts
}

// ruled notes what is added to the element that begins by one of its names.
func (w *htmlWalker) ruled(key string) {
	if len(w.adds) > 0 && len(w.rules) < maxAdditions {
		w.rules = append(w.rules, w.adds[key]...)
	}
}

// added takes what is shown before the text of the element that began.
func (w *htmlWalker) added(name string) {
	for i := range w.rules {
		r := &w.rules[i]
		var text strings.Builder
		attrs := false
		for _, p := range r.parts {
			text.WriteString(p.val)
			for _, v := range w.values {
				if p.key != "" && v.key == p.key {
					text.WriteString(v.val)
					attrs = true
				}
			}
		}
		s := text.String()
		if attrs && len(r.parts) > 1 {
			w.aside(s)
		}
		switch {
		case strings.TrimSpace(s) == "":
		case r.behind && !void(name):
			if w.behind == nil {
				w.behind = map[string]string{}
			}
			w.behind[name] = s
		default:
			w.insert(s)
		}
	}
	w.values = w.values[:0]
}

// addedBehind takes what is shown behind the text of an element that ends.
func (w *htmlWalker) addedBehind(name string) {
	if s := w.behind[name]; s != "" {
		delete(w.behind, name)
		w.insert(s)
	}
}

// insert takes text that is shown and does not stand in the document.
func (w *htmlWalker) insert(s string) {
	if w.spent += len(s); w.spent > maxInserted || w.gone() {
		return
	}
	v := &w.views
	w.bothLines(v.joined.extra([]byte(s), &w.text), v.less.extra([]byte(s), &w.text))
}

// extra takes text that f does not have, and returns the line that ended before it.
func (d *asDrawn) extra(s []byte, f *flow) (done string) {
	done, ended := d.settle(f)
	d.omit(f, ended)
	d.line.add(s, false)
	return done
}

// enriched takes the parameters out of enriched text (RFC 1896), which are not shown.
func enriched(text, typ string) string {
	if typ != "text/enriched" {
		return text
	}
	var out strings.Builder
	for b := []byte(text); ; {
		i := indexFold(b, "<param>")
		out.Write(b[:i])
		b = b[i:]
		i = indexFold(b, "</param>")
		if b = b[i:]; len(b) == 0 {
			return out.String()
		}
		b = b[len("</param>"):]
	}
}
