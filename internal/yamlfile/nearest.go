package yamlfile

import (
	"fmt"
	"slices"
	"strings"
)

// Nearest is the known word that word was most likely meant to be, and whether there is one: at most a third of its
// characters may differ, a swap of two neighbours counting as one difference.
func Nearest(word string, known []string) (string, bool) {
	best, bestDistance := "", max(1, len([]rune(word))/3)+1
	lower := strings.ToLower(word)
	for _, candidate := range known {
		distance := editDistance(lower, strings.ToLower(candidate))
		if distance < bestDistance {
			best, bestDistance = candidate, distance
		}
	}
	return best, best != ""
}

// DidYouMean is what an error about an unknown word ends with: `, did you mean "x"?`, else the known words if they are
// few enough to read, else nothing.
func DidYouMean(word string, known []string) string {
	if near, ok := Nearest(word, known); ok {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	if len(known) == 0 || len(known) > 24 {
		return ""
	}
	return ", known are: " + strings.Join(slices.Sorted(slices.Values(known)), ", ")
}

// editDistance counts insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
func editDistance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row := make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(y)]
}
