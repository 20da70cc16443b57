package classify

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestFindEqualsWalk: what keeps find from walking at most places never keeps it from one where a keyword stands.
func TestFindEqualsWalk(t *testing.T) {
	t.Parallel()
	type hit struct {
		key        int32
		start, end int
	}
	pieces := []string{"a", "b", "ab", "abc", "abcd", "abcde", "b c", " ", "  ", "\n", "\t", "-", "-\n", string(rune(filler)), "å", "ö", "1", ".", "ab c", "a b", "_"}
	for seed := range uint64(12_000) { // 8570 ends a few bytes into a block
		r := rand.New(rand.NewPCG(seed, 11))
		some := func(n int) (s string) {
			for range n {
				s += pieces[r.IntN(len(pieces))]
			}
			return s
		}
		var set keywords
		for range 1 + r.IntN(6) {
			if w := foldWord(some(1 + r.IntN(5))); w != "" {
				set.add(keyword{text: w, start: r.IntN(4) > 0, end: r.IntN(2) > 0}, use{})
			}
		}
		if len(set.all) == 0 {
			continue
		}
		trie, text := newTrie(set.all), []byte(some(r.IntN(40)))
		if seed%10 == 0 { // more than is sifted at once
			text = []byte(some(2 * block))
		}
		var got, want []hit
		trie.find(text, 0, len(text), func(key int32, start, end int) { got = append(got, hit{key, start, end}) })
		for i := range text {
			trie.walk(text, i, func(key int32, start, end int) { want = append(want, hit{key, start, end}) })
		}
		if !slices.Equal(got, want) {
			t.Fatalf("seed %d: %+v in %q: found %v, want %v", seed, set.all, text, got, want)
		}
	}
}
