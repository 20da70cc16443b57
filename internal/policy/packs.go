package policy

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sigill/internal/yamlfile"
)

//go:embed packs/*.yaml
var packFiles embed.FS

// commonPack holds lists that every pack and policy can use; it has no detectors.
const commonPack = "common"

// PackNames lists the packs that are built in.
func PackNames() []string {
	entries, err := packFiles.ReadDir("packs")
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		if name := strings.TrimSuffix(e.Name(), ".yaml"); name != commonPack {
			names = append(names, name)
		}
	}
	return names
}

// pack is a pack read, its lists resolved with the common ones.
type pack struct {
	name      string
	data      []byte
	lists     map[string]texts
	detectors []detectorNode
}

// readPack reads a built-in pack. `nor` is a synonym of `no`, which other YAML readers take for false.
func readPack(name string) (*pack, error) {
	if name == "nor" {
		name = "no"
	}
	path := "packs/" + name + ".yaml"
	data, err := packFiles.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("unknown pack %q%s", name, yamlfile.DidYouMean(name, PackNames()))
	}
	var f packFile
	if err := yamlfile.Decode(path, data, &f); err != nil {
		return nil, fmt.Errorf("pack %s: %w", name, err)
	}
	p := &pack{name: name, data: data, lists: f.Lists, detectors: f.Detectors}
	if name == commonPack {
		return p, nil
	}
	common, err := readPack(commonPack)
	if err != nil {
		return nil, err
	}
	p.data = append(slices.Clone(common.data), data...)
	if p.lists == nil {
		p.lists = map[string]texts{}
	}
	for k, v := range common.lists {
		p.lists[k] = v
	}
	return p, p.resolve()
}

// offer adds to lists those that the pack offers to policies: the ones with its own name in front, such as
// se.test_numbers. What the policy defines itself stays.
func (p *pack) offer(lists map[string]texts) {
	for name, list := range p.lists {
		if _, ok := lists[name]; !ok && strings.HasPrefix(name, p.name+".") {
			lists[name] = list
		}
	}
}

// resolve replaces the pack's own @lists, so that a policy's lists of the same name do not reach into it.
func (p *pack) resolve() error {
	var errs yamlfile.Errors
	expand := func(t texts) texts {
		return expandWith(t, p.lists, func(e yamlfile.Error) { errs = append(errs, e) })
	}
	for i := range p.detectors {
		p.detectors[i].eachList(expand)
	}
	return errs.Err()
}

// eachList puts every list of strings of the detector through f.
func (d *detectorNode) eachList(f func(texts) texts) {
	d.Prefilter = f(d.Prefilter)
	for lang := range d.Words {
		d.Words[lang] = f(d.Words[lang])
	}
	for _, words := range d.Groups {
		for lang := range words {
			words[lang] = f(words[lang])
		}
	}
	if d.Exclude != nil {
		d.Exclude.Values, d.Exclude.Stopwords = f(d.Exclude.Values), f(d.Exclude.Stopwords)
	}
	for i := range d.Context {
		d.Context[i].Near = f(d.Context[i].Near)
	}
}

// narrowed returns the detectors of the pack that a use entry leaves.
func (p *pack) narrowed(c *compiler, u *useEntry) ([]detectorNode, error) {
	only, except, languages := c.listed(u.Narrow.Only), c.listed(u.Narrow.Except), c.listed(u.Narrow.Languages)
	known := make([]string, len(p.detectors))
	for i := range p.detectors {
		known[i] = p.detectors[i].ID
	}
	for _, list := range []texts{only, except} {
		for _, id := range list {
			if !slices.Contains(known, id.Value) {
				return nil, id.Pos.Errorf("pack %s has no detector %q%s", p.name, id.Value, yamlfile.DidYouMean(id.Value, known))
			}
		}
	}
	if err := p.speaks(languages); err != nil {
		return nil, err
	}
	var left []detectorNode
	for _, d := range p.detectors {
		if len(only) > 0 && !only.has(d.ID) || except.has(d.ID) {
			continue
		}
		d, any := d.inLanguages(languages)
		if any {
			left = append(left, d)
		}
	}
	return left, nil
}

// speaks checks that the pack has words in every one of the languages.
func (p *pack) speaks(languages texts) error {
	known := map[string]bool{}
	for i := range p.detectors {
		d := &p.detectors[i]
		for _, words := range append(slices.Collect(maps.Values(d.Groups)), d.Words) {
			for lang := range words {
				known[lang] = true
			}
		}
	}
	delete(known, "")
	for _, lang := range languages {
		if !known[lang.Value] {
			return lang.Pos.Errorf("pack %s has no words in %q%s", p.name, lang.Value, yamlfile.DidYouMean(lang.Value, slices.Sorted(maps.Keys(known))))
		}
	}
	return nil
}

// inLanguages keeps the words of some languages, and says whether any are left.
func (d detectorNode) inLanguages(languages texts) (detectorNode, bool) {
	if len(languages) == 0 || len(d.Words) == 0 && len(d.Groups) == 0 {
		return d, true
	}
	if len(d.Words) > 0 {
		d.Words = d.Words.in(languages)
		return d, len(d.Words) > 0
	}
	groups := map[string]langWords{}
	for name, words := range d.Groups {
		if w := words.in(languages); len(w) > 0 {
			groups[name] = w
		}
	}
	d.Groups = groups
	return d, len(groups) > 0
}

func (w langWords) in(languages texts) langWords {
	left := langWords{}
	for lang, words := range w {
		if lang == "" || languages.has(lang) {
			left[lang] = words
		}
	}
	return left
}
