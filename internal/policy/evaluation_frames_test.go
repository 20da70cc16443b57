package policy_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
)

// frame is what stands round the text of a message in one language.
type frame struct {
	words       map[string]string // of mail programs, by their English word
	people      []person
	disclaimers []string
	earlier     []string // mail that is answered
}

type person struct{ from, name, signature string }

var frameWords = []string{"From", "Sent", "To", "Subject", "wrote", "Sent from my iPhone", "Re"}

func readFrames(t testing.TB) map[string]*frame {
	t.Helper()
	data, err := os.ReadFile(evaluation + "/frames.txt")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*frame{}
	for _, block := range strings.Split(string(data), "\n=== ")[1:] {
		lang, rest, _ := strings.Cut(block, "\n--- ")
		f := &frame{words: map[string]string{}}
		for part := range strings.SplitSeq(rest, "\n--- ") {
			f.add(part)
		}
		if len(f.people) == 0 || len(f.words) != len(frameWords) {
			t.Fatalf("frames.txt: %s needs words and a person", lang)
		}
		all[strings.TrimSpace(lang)] = f
	}
	return all
}

func (f *frame) add(part string) {
	kind, text, _ := strings.Cut(strings.TrimSpace(part), "\n")
	switch kind {
	case "words":
		for i, w := range strings.Fields(text) {
			f.words[frameWords[i]] = strings.ReplaceAll(w, "_", " ")
		}
	case "person":
		from, signature, _ := strings.Cut(text, "\n")
		name, _, _ := strings.Cut(from, " <")
		f.people = append(f.people, person{from, name, strings.TrimSpace(name + "\n" + signature)})
	case "disclaimer":
		f.disclaimers = append(f.disclaimers, text)
	case "earlier":
		f.earlier = append(f.earlier, text)
	}
}

// dressed is the text of a message as it leaves: with a signature, a disclaimer, and the mail it answers.
type dressed struct {
	own, below string // what was written, and what stands below it
	quoted     string // the mail that is answered, without marks
	intro      string // the line or block above it
}

// dress adds what the sender's program adds; the less, the smaller the program.
func dress(r *rand.Rand, f *frame, s *sample, who person) dressed {
	d := dressed{own: strings.TrimRight(s.text, "\n")}
	switch {
	case s.shape == "iphone":
		d.below = f.words["Sent from my iPhone"]
		return d
	case s.shape == "plain" || s.shape == "app":
		return d
	}
	if r.IntN(5) > 0 {
		d.below = who.signature
	}
	if len(f.disclaimers) > 0 && r.IntN(3) == 0 {
		d.below = strings.TrimSpace(d.below + "\n\n" + f.disclaimers[r.IntN(len(f.disclaimers))])
	}
	if len(f.earlier) == 0 || strings.Contains(s.text, "\n>") || r.IntN(5) > 1 {
		return d
	}
	other := f.people[r.IntN(len(f.people))]
	d.quoted = f.earlier[r.IntN(len(f.earlier))] + "\n\n" + other.signature
	if s.shape == "outlook" || s.shape == "notes" {
		w := f.words
		d.intro = fmt.Sprintf("%s: %s\n%s: %s\n%s: %s\n%s: %s", w["From"], other.from, w["Sent"], "2026-11-18 14:02", w["To"], who.from, w["Subject"], strings.TrimPrefix(s.subject, w["Re"]+": "))
		return d
	}
	d.intro = fmt.Sprintf("2026-11-18 14:02, %s %s:", other.from, f.words["wrote"])
	return d
}
