package policy_test

import (
	"fmt"
	"hash/fnv"
	"html"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const evaluation = "../../testdata/evaluation"

// sample is a message of the evaluation, before it is put into its wire form, with what a careful person finds in it.
type sample struct {
	name    string
	lang    string
	expect  []string // the kinds that must be found; with any, the message is to be protected
	observe []string // kinds that must be found and ask for no protection
	may     []string // kinds on which careful people differ
	near    string   // of a message with nothing to protect: the kind of which it holds a number that is wrong
	shape   string   // the mail program; "" for any
	subject string
	text    string
	html    string
	files   []sampleFile
	seed    uint64
}

type sampleFile struct{ name, text string }

// readSet expands the messages of a set. Each has its own seed, so that one more message changes no other.
func readSet(t testing.TB, set string) []sample {
	t.Helper()
	paths, err := filepath.Glob(evaluation + "/" + set + "/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no messages: %v", err)
	}
	var all []sample
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(data), "\n=== ")
		for block := range strings.SplitSeq(rest, "\n=== ") {
			s, times, err := parseSample(block)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			if s.lang == "" {
				s.lang = filepath.Base(path)[:2]
			}
			for n := range times {
				all = append(all, s.expanded(t, n))
			}
		}
	}
	return all
}

// parseSample reads the name, the fields, and the parts of a message.
func parseSample(block string) (s sample, times int, err error) {
	times = 1
	head, body, _ := strings.Cut(block, "\n--- ")
	lines := strings.Split(head, "\n")
	s.name = lines[0]
	for _, line := range lines[1:] {
		key, value, _ := strings.Cut(line, ": ")
		switch key {
		case "lang":
			s.lang = value
		case "expect":
			s.expect = strings.Fields(value)
		case "observe":
			s.observe = strings.Fields(value)
		case "may":
			s.may = strings.Fields(value)
		case "near":
			s.near = value
		case "shape":
			s.shape = value
		case "subject":
			s.subject = value
		case "times":
			times, err = strconv.Atoi(value)
		default:
			err = fmt.Errorf("%s: what is %q?", s.name, line)
		}
		if err != nil {
			return s, 0, err
		}
	}
	s.parts("--- " + body)
	if s.text == "" && s.html == "" {
		return s, 0, fmt.Errorf("%s: no text", s.name)
	}
	return s, times, nil
}

var partLine = regexp.MustCompile(`(?m)^--- (text|html|file .+)\n`)

func (s *sample) parts(body string) {
	at := partLine.FindAllStringSubmatchIndex(body, -1)
	for i, m := range at {
		end := len(body)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		kind, text := body[m[2]:m[3]], strings.TrimRight(body[m[1]:end], "\n")+"\n"
		switch name, isFile := strings.CutPrefix(kind, "file "); {
		case isFile:
			s.files = append(s.files, sampleFile{name, text})
		case kind == "html":
			s.html = text
		default:
			s.text = text
		}
	}
}

// expanded is the nth copy of the message, with numbers of its own.
func (s sample) expanded(t testing.TB, n int) sample {
	t.Helper()
	h := fnv.New64a()
	fmt.Fprintf(h, "%s/%d", s.name, n)
	s.seed = h.Sum64()
	e := newExpander(s.seed)
	s.subject, s.text, s.html = e.expand(s.subject), e.expand(s.text), e.expand(s.html)
	s.files = slices.Clone(s.files)
	for i, f := range s.files {
		s.files[i] = sampleFile{e.expand(f.name), e.expand(f.text)}
	}
	if n > 0 {
		s.name += fmt.Sprintf("#%d", n+1)
	}
	if e.err != nil {
		t.Fatalf("%s: %v", s.name, e.err)
	}
	return s
}

// expander puts numbers in the place of $[...]. In the brackets stand a kind, '!' when its check is to be wrong, and
// after bars how it is written; `name=kind` keeps the number, and $[name] gives it again.
type expander struct {
	r     *rand.Rand
	kinds map[string]identity
	kept  map[string]kept
	err   error
}

type kept struct{ kind, value string }

// allKinds are made once: nothing in them changes.
var allKinds = sync.OnceValue(identities)

func newExpander(seed uint64) *expander {
	return &expander{r: rand.New(rand.NewPCG(seed, 1)), kinds: allKinds(), kept: map[string]kept{}}
}

var placeholder = regexp.MustCompile(`\$\[([^\]]+)\]`)

func (e *expander) expand(s string) string {
	return placeholder.ReplaceAllStringFunc(s, func(m string) string {
		out, err := e.one(m[2 : len(m)-1])
		if err != nil && e.err == nil {
			e.err = fmt.Errorf("%s: %w", m, err)
		}
		return out
	})
}

func (e *expander) one(what string) (string, error) {
	if pattern, ok := strings.CutPrefix(what, "#"); ok {
		return patterned(e.r, pattern), nil
	}
	if name, arg, ok := strings.Cut(what, " "); ok {
		return e.called(name, arg)
	}
	styles := strings.Split(what, "|")
	name, kind, named := strings.Cut(styles[0], "=")
	if !named {
		name, kind = "", styles[0]
	}
	value, ok := e.kept[kind]
	if !ok {
		made, err := e.number(kind)
		if err != nil {
			return "", err
		}
		value = kept{strings.TrimSuffix(kind, "!"), made}
		if named {
			e.kept[name] = value
		}
	}
	return e.written(value, styles[1:])
}

// called makes what has a size: hex, base64, digits that end with Luhn's; or takes one of several words.
func (e *expander) called(name, arg string) (string, error) {
	if name == "one" {
		words := strings.Split(arg, "/")
		return words[e.r.IntN(len(words))], nil
	}
	n, err := strconv.Atoi(arg)
	if err != nil {
		return "", err
	}
	switch name {
	case "hex":
		return from(e.r, "0123456789abcdef", n), nil
	case "b64":
		return base64Text(e.r, n), nil
	case "luhn":
		s := from(e.r, "123456789", 1) + digits(e.r, n-2)
		return s + luhnDigit(s), nil
	}
	return "", fmt.Errorf("what is %q?", name)
}

func (e *expander) number(kind string) (string, error) {
	kind, wrong := strings.CutSuffix(kind, "!")
	id, ok := e.kinds[kind]
	switch {
	case !ok:
		return "", fmt.Errorf("no kind %q", kind)
	case !wrong:
		return id.make(e.r), nil
	case id.spoil == nil:
		return "", fmt.Errorf("%s cannot be wrong", kind)
	}
	return id.spoil(e.r, id.make(e.r)), nil
}

func (e *expander) written(v kept, styles []string) (string, error) {
	of := e.kinds[v.kind].style
	s, plain := v.value, of[""]
	for _, name := range styles {
		if own, ok := of[name]; ok {
			s, plain = own(s), nil
		}
	}
	if plain != nil {
		s = plain(s)
	}
	for _, name := range styles {
		if _, ok := of[name]; ok {
			continue
		}
		spell, ok := spellings[name]
		if !ok {
			return "", fmt.Errorf("no way %q to write %s", name, v.kind)
		}
		s = spell(s)
	}
	return s, nil
}

// spellings are what mail programs, word processors and people do to any number.
var spellings = map[string]func(string) string{
	"nl":     func(s string) string { return atSeparator(s, "\n") },
	"nl>>":   func(s string) string { return atSeparator(s, "\n> > ") },
	"tags":   func(s string) string { return atSeparator(s, "<span></span>") },
	"endash": func(s string) string { return strings.ReplaceAll(s, "-", "\u2013") },
	"nbhy":   func(s string) string { return strings.ReplaceAll(s, "-", "\u2011") },
	"zwsp":   func(s string) string { return atSeparator(s, "\u200b") },
	"spaced": func(s string) string { return strings.Join(strings.Split(s, ""), " ") },
	"fullwidth": func(s string) string {
		return strings.Map(func(c rune) rune { return c + 0xFEE0 }, s)
	},
	"html": html.EscapeString,
}

// atSeparator puts something after the first separator of a number, or in its middle.
func atSeparator(s, what string) string {
	at := strings.IndexAny(s, "- ") + 1
	if at == 0 {
		at = len(s) / 2
	}
	return s[:at] + what + s[at:]
}
