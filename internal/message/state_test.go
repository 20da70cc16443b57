package message

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A line of the drawing: a state that begins its arrows, or one more arrow of the state above, each with its reason.
var (
	drawnFrom = regexp.MustCompile(`^//\t(\w+)(?: -+[+-]|$)`)
	drawnTo   = regexp.MustCompile("(?:\\+|`)--> (\\w+) {2,}\\S")
)

// drawn reads the drawing of the package comment: the steps, and what of it cannot be read.
func drawn(text string) (map[string][]string, error) {
	all, from := map[string][]string{}, ""
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if !strings.HasPrefix(line, "//\t") {
			continue
		}
		to := drawnTo.FindStringSubmatch(line)
		if at := drawnFrom.FindStringSubmatch(line); at != nil {
			from = at[1]
		} else if to == nil {
			return nil, fmt.Errorf("neither a state nor an arrow with its reason: %q", line)
		}
		if to != nil {
			all[from] = append(all[from], to[1])
		}
	}
	return all, nil
}

// The drawing has the steps of the table, each once, and no other.
func TestDrawingIsTheTable(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	got, err := drawn(string(text))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{}
	for from, next := range steps {
		for _, to := range next {
			want[label(from)] = append(want[label(from)], label(to))
		}
	}
	for _, m := range []map[string][]string{got, want} {
		for _, to := range m {
			slices.Sort(to)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the drawing in doc.go (+) is not the table (-):\n%s", diff)
	}
}

// label is the name of a state in Go: notice_bounced is NoticeBounced.
func label(s State) string {
	var name strings.Builder
	for part := range strings.SplitSeq(s.String(), "_") {
		name.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return name.String()
}

func TestDrawingIsRead(t *testing.T) {
	t.Parallel()
	got, err := drawn("// States:\n//\tHeld ------+--> Sealed   number given\n//\t           `--> Queued   released\n//\n//\tNoticeBounced\n//\t           `--> Held   x\n")
	if diff := cmp.Diff(map[string][]string{"Held": {"Sealed", "Queued"}, "NoticeBounced": {"Held"}}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for _, bad := range []string{"//\t    |\n", "//\tHeld ------+--> Sealed\n//\t    --> Queued  x\n"} {
		if _, err := drawn(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
}
