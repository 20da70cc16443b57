package policy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"sigill/internal/message"
)

// TestFloodsHideNothing: however often one thing stands in a message, what else does is counted, or the message counts as one in
// which something may have been missed.
func TestFloodsHideNothing(t *testing.T) {
	t.Parallel()
	const head = "version: 1\nuse: [se, pay, nl, health]\nrules:\n"
	var bare strings.Builder
	for i := range 100 {
		fmt.Fprintf(&bare, "%s\n", []string{"8901022387", "4908239959", "2003011235"}[i%3])
	}
	for _, tt := range []struct {
		name, policy string
		flood        string // as often as it takes
		times        int
		then         string
		files        string // text of an attachment
		level        message.Level
	}{
		{
			"a value that does not count", head + "  - {id: a, when: {detector: pay.card}, level: 2}\n" +
				"exceptions: [{id: e, rules: [a], when: {value: '4111 1111 1111 1111'}}]\n",
			"card 4111 1111 1111 1111\n", 11_000, "card 5105 1077 2483 3518", "", message.Level2,
		},
		{
			"what is quoted", head + "  - {id: a, when: {detector: pay.card}, level: 2}\n" +
				"exceptions: [{id: e, rules: [a], when: {segment: [quoted]}}]\n",
			"> card 5555 5555 5555 4444\n", 11_000, "\ncard 5105 1077 2483 3518", "", message.Level2,
		},
		{
			"the same value, quoted", head + "  - {id: a, when: {detector: pay.card}, level: 2}\n" +
				"exceptions: [{id: e, rules: [a], when: {segment: [quoted]}}]\n",
			"> card 5105 1077 2483 3518\n", 11_000, "\ncard 5105 1077 2483 3518", "", message.Level1,
		},
		{
			"values that are counted once", head + "  - {id: a, when: {detector: se.personnummer, count: {min: 3, unique: true}}, level: 2}\n",
			"personnummer 19890102-2387\n", 11_000, "personnummer 19490823-9959, 19121212-1212", "", message.Level2,
		},
		{
			"another part", head + "  - {id: a, when: {detector: se.personnummer, scope: [attachment_text]}, level: 2}\n",
			"personnummer 19890102-2387\n", 11_000, "", "personnummer\n19890102-2387", message.Level2,
		},
		{
			"two close together", head + "  - {id: a, when: {all: [{detector: se.personnummer}, {detector: nl.bsn}], within: 200}, level: 2}\n",
			"personnummer 19890102-2387\n", 11_000, strings.Repeat(".", 300) + "personnummer 19490823-9959, bsn 123456782", "", message.Level2,
		},
		{
			"two close together, one of which stands everywhere", head + "  - {id: a, when: {all: [{detector: se.personnummer}, {detector: nl.bsn}], within: 200}, level: 2}\n",
			"personnummer 19890102-2387\n", 11_000, strings.Repeat(".", 300) + "personnummer 19890102-2387, bsn 123456782", "", message.Level1,
		},
		{
			"weak ones", head + "  - {id: a, when: {all: [{detector: se.personnummer, min_confidence: low}, {detector: health.icd10}], within: 200}, level: 2}\n",
			bare.String(), 20, strings.Repeat(".", 300) + "8901022387 diagnos F32.1", "", message.Level1,
		},
		{
			"more of both than windows", head + "  - {id: a, when: {all: [{detector: se.personnummer, count: {min: 2}}, {detector: nl.bsn}], within: 45}, level: 2}\n",
			"personnummer 19890102-2387" + strings.Repeat(".", 50) + "bsn 123456782" + strings.Repeat(".", 50) + "\n", 10_500,
			"19490823-9959 19121212-1212 bsn 123456782", "", message.Level1,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := parse(t, tt.policy)
			for _, times := range []int{1, tt.times} {
				mail := testNode{Subject: "x", Body: strings.Repeat(tt.flood, times) + tt.then}
				if tt.files != "" {
					mail.Attachments = []testAttachmentNode{{Name: "a.csv", Text: tt.files}}
				}
				d, x := judge(t, p, mail)
				want := tt.level
				if times == 1 {
					want = message.Level2
				}
				if d.Verdict < want {
					t.Errorf("%d times: %v, by %q, %+v", times, d.Verdict, d.DecidedBy, x.Unscannable)
				}
				if times == 1 && len(x.Unscannable) > 0 {
					t.Errorf("once: %+v", x.Unscannable)
				}
			}
		})
	}
}

// TestFloodOfWhatCountsIsNoDoubt: a rule that holds needs no more.
func TestFloodOfWhatCountsIsNoDoubt(t *testing.T) {
	t.Parallel()
	p := parse(t, small)
	_, x := judge(t, p, testNode{Body: strings.Repeat("personnummer 19890102-2387\n", 11_000)})
	if len(x.Unscannable) > 0 || !slices.Contains(x.AtLeast, "se.personnummer") {
		t.Errorf("%+v, at least %v", x.Unscannable, x.AtLeast)
	}
}
