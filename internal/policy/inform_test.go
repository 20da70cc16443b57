package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestInform says who is told of what: each address once, by the rules that protect the message for somebody.
func TestInform(t *testing.T) {
	t.Parallel()
	p := parse(t, `version: 1
use: [se, pay]
lists: {officers: [dpo@own.example, "DPO@own.example", law@own.example]}
rules:
  - {id: number, when: {detector: se.personnummer}, level: 2, notify: "@officers"}
  - {id: outside, when: {all: [{detector: se.personnummer}, {recipient: {domain: [far.example]}}]}, level: 2, notify: [far@own.example]}
  - {id: card, when: {detector: pay.card}, level: 1, notify: [dpo@own.example]}
  - {id: watched, when: {detector: pay.card}, level: 1, mode: observe, notify: [watch@own.example]}
exceptions:
  - {id: partner, rules: [number], when: {recipient: {domain: [partner.example]}}, outcome: pass}
recipients:
  - {match: [own.example], max: pass}
`)
	const both = "personnummer 19890102-2387, kort 5105 1051 0510 5100"
	for _, c := range []struct {
		name, body string
		to         []string
		want       []string
	}{
		{"nothing", "Hej", []string{"a@far.example"}, nil},
		{"two rules", both, []string{"a@other.example"}, []string{"dpo@own.example: number card for [0]", "law@own.example: number for [0]"}},
		{"own recipients pass", both, []string{"a@own.example", "b@other.example"}, []string{"dpo@own.example: number card for [1]", "law@own.example: number for [1]"}},
		{"all pass", both, []string{"a@own.example"}, nil},
		{"excepted", "personnummer 19890102-2387", []string{"a@partner.example"}, nil},
		{"some excepted", both, []string{"a@partner.example", "b@far.example"},
			[]string{"dpo@own.example: number card for [0 1]", "law@own.example: number for [1]", "far@own.example: outside for [1]"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var to texts
			for _, a := range c.to {
				to = append(to, text{Value: a})
			}
			d, x := judge(t, p, testNode{To: to, Body: c.body})
			var got, addresses []string
			for _, in := range d.Inform {
				got = append(got, in.To.String()+": "+strings.Join(in.Rules, " ")+" for "+fmt.Sprint(in.Recipients))
				addresses = append(addresses, in.To.String())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(addresses, x.Notify); diff != "" {
				t.Errorf("the explanation differs:\n%s", diff)
			}
		})
	}
}

// TestInformBad refuses what is no address of somebody.
func TestInformBad(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"dpo", `""`, "a@b@c", "@officers"} {
		_, err := Parse("p.yaml", []byte(strings.ReplaceAll(`version: 1
use: [se]
rules:
  - {id: number, when: {detector: se.personnummer}, notify: ["X"]}
`, `"X"`, "'"+strings.Trim(bad, `"`)+"'")), nil)
		if err == nil {
			t.Errorf("%s was taken", bad)
		}
	}
}
