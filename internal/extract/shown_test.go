package extract

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestShownFields(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		msg  string
		want string
	}{
		{
			"old subject of a conversation", "Subject: Re: hej\nThread-Topic: =?utf-8?q?=C3=A4rende_890102-2387?=\n\n",
			"subject @ subject: Re: hej\nsubject @ header/thread-topic: ärende 890102-2387\n",
		},
		{"conversation of the same subject", "Thread-Topic: hej\nSubject: Re: hej\n\n", "subject @ subject: Re: hej\n"},
		{
			"names", "From: \"Anna 890102-2387\" <a@b.example>\nTo: =?utf-8?q?B=C3=A5?= <c@d.example>,\n \"'e@f.example'\" <e@f.example>\nCc: g@h.example, Bo <i@j.example>\nReply-To: R <r@b.example>\nBcc: Hidden <x@y.example>\n\n",
			"body @ header/names: Anna 890102-2387⏎R⏎Bå⏎Bo⏎\n",
		},
		{
			"words of the writer", "Comments: a\nKeywords: =?utf-8?q?=C3=A4?=\nOrganization: c\nContent-Description: d\nX-Other: e\n\n",
			"hidden @ header/comments: a\nhidden @ header/keywords: ä\nhidden @ header/organization: c\nhidden @ header/content-description: d\n",
		},
		{
			"beside the addresses", "To: a@b.example (890102\\-2387 (x)), Grupp 1: c@d.example;, \"e 2\"@f.example\nCc: A <g@h.example> behind, <\"i 3\"@j.example>\n\n",
			"hidden @ header/to: 890102-2387 (x)⏎Grupp 1⏎e 2⏎\nhidden @ header/cc: behind⏎i 3⏎\nbody @ header/names: A⏎\n",
		},
		{"quote that is not closed", "From: \"Anna 890102-2387 <a@b.example>\n\n", "hidden @ header/from: Anna 890102-2387 <a@b.example>⏎\n"},
		{"escapes", "Reply-To: 890102\\-2387 <r@b.example>, \"S\\-T\" <s@b.example>\n\n", "body @ header/names: 890102-2387⏎S-T⏎\n"},
		{"sent again", "Resent-From: \"Anna, 1\" <a@b.example>\nResent-To: =?utf-8?q?B=C3=A5=2C_2?= <c@d.example>\n\n", "hidden @ header/resent-from: Anna, 1⏎\nhidden @ header/resent-to: Bå⏎2⏎\n"},
		{"of lists and flags", "List-Id: 890102-2387 <l.b.example>\nX-Message-Flag: ring 1\n\n", "hidden @ header/list-id: 890102-2387 <l.b.example>\nhidden @ header/x-message-flag: ring 1\n"},
		{"description of a part", "Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Description: d\n\nx\n--B--\n", "hidden @ header: d\nbody @ body/text: x⏎\n"},
		{"no names", "From: a@b.example\nTo: <c@d.example>\n\n", ""},
		{
			"of a nested message", "Content-Type: message/rfc822\n\nFrom: Anna <a@b.example>\nThread-Topic: t\n\n",
			"attachment_text @ att[1]!header/thread-topic: t\nattachment_text @ att[1]!header/names: Anna⏎\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, dump(parseString(t, tt.msg))); diff != "" {
				t.Errorf("segments (-want +got):\n%s", diff)
			}
		})
	}
}

// TestControlInNumber: characters that a program drops do not take a number apart.
func TestControlInNumber(t *testing.T) {
	t.Parallel()
	for name, msg := range map[string]string{
		"NUL in a subject":    "Subject: 890102\x00-2387\n\nx",
		"NUL in a word":       "Subject: =?utf-8?q?8901=0002-2387?=\n\nx",
		"DEL in a text":       "Subject: x\n\nnr 89\x7f0102\x7f\x7f-2387",
		"both, and one apart": "Subject: x\n\na\x7fb 890102\x00\x7f-\x002387",
	} {
		if c := parseString(t, msg); !strings.Contains(dump(c), secret) {
			t.Errorf("%s: the number is not found:\n%s", name, dump(c))
		}
	}
	if c := parseString(t, "Subject: a\x7fb\n\nx\x7f"); len(c.Segments) != 2 {
		t.Errorf("read twice:\n%s", dump(c))
	}
}
