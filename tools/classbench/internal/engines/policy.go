package engines

import (
	"context"
	"fmt"

	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/internal/policy"
	"sigill/tools/classbench/internal/rules"
)

// whole judges messages by a policy, as much text at once as large attachments have: what its rules, its context words and the
// normal form take together.
func whole(file string) func([]rules.Rule, [][]byte) (Scanner, error) {
	return func([]rules.Rule, [][]byte) (Scanner, error) {
		p, err := policy.Load(file)
		if err != nil {
			return nil, err
		}
		to, err := message.ParseAddress("karin@ekman.example")
		if err != nil {
			return nil, err
		}
		in := policy.Input{Content: &extract.Content{}}
		in.Envelope.To = []message.RcptTo{{Address: to}}
		var text []byte
		return fn(func(t []byte) int {
			if text = append(text, t...); len(text) < 1<<20 {
				return 0
			}
			in.Content.Segments = []extract.Segment{{Where: "body/text", Kind: extract.Body, Text: string(text), Attachment: -1}}
			text = text[:0]
			_, x, err := p.Evaluate(context.Background(), in)
			if err != nil {
				panic(fmt.Sprintf("%s: %v", file, err)) // it has no deadline
			}
			return len(x.Findings)
		}), nil
	}
}

func init() {
	for _, name := range []string{"default.yaml", "all-packs.yaml"} {
		extra = append(extra, Spec{Name: "Sigill, policies/" + name, Does: "a whole policy, 1 MB at a time", Max: 10, New: whole("../../policies/" + name)})
	}
}
