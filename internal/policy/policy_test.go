package policy

import (
	"context"
	"strings"
	"testing"

	"sigill/internal/extract"
	"sigill/internal/message"
)

// parse compiles a policy or fails the test.
func parse(t testing.TB, source string) *Policy {
	t.Helper()
	p, err := Parse("policy.yaml", []byte(source), nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// judge decides a message made as tests in policies make it.
func judge(t testing.TB, p *Policy, n testNode) (message.Decision, *Explanation) {
	t.Helper()
	raw, err := n.raw(nil)
	if err != nil {
		t.Fatal(err)
	}
	content, err := extract.Parse(context.Background(), strings.NewReader(string(raw)), p.Limits())
	if err != nil {
		t.Fatal(err)
	}
	env, err := n.envelope()
	if err != nil {
		t.Fatal(err)
	}
	d, x, err := p.Evaluate(context.Background(), Input{Envelope: env, Content: content, Size: int64(len(raw)), Now: today})
	if err != nil {
		t.Fatal(err)
	}
	return d, x
}
