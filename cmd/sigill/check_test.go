package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"sigill/internal/extract"
	"sigill/internal/message"
)

func TestEnvelopeOf(t *testing.T) {
	t.Parallel()
	boxes := func(addresses ...string) []extract.Mailbox {
		var all []extract.Mailbox
		for _, a := range addresses {
			all = append(all, extract.Mailbox{Name: "Somebody", Address: a})
		}
		return all
	}
	for name, c := range map[string]struct {
		header extract.Header
		from   string
		to     []string
		want   string // sender > recipients
	}{
		"as the header says": {
			header: extract.Header{From: boxes("a@x.example", "b@x.example"), To: boxes("c@y.example"), Cc: boxes("d@Y.example")},
			want:   "a@x.example > c@y.example d@y.example",
		},
		"as given": {
			header: extract.Header{From: boxes("a@x.example"), To: boxes("c@y.example"), Cc: boxes("d@y.example")},
			from:   "s@x.example", to: []string{"r@y.example", "q@y.example"}, want: "s@x.example > r@y.example q@y.example",
		},
		"a sender alone":       {header: extract.Header{To: boxes("c@y.example")}, from: "s@x.example", want: "s@x.example > c@y.example"},
		"the null sender":      {header: extract.Header{From: boxes("a@x.example"), To: boxes("c@y.example")}, from: "<>", want: " > c@y.example"},
		"no header":            {want: " > unknown@recipient.invalid"},
		"broken addresses":     {header: extract.Header{From: boxes("a x"), To: boxes("undisclosed-recipients:;", "", "c@y.example")}, want: " > c@y.example"},
		"only broken ones":     {header: extract.Header{From: boxes("@"), To: boxes("nobody")}, want: " > unknown@recipient.invalid"},
		"a list and its owner": {header: extract.Header{From: boxes("a@x.example"), Cc: boxes("d@y.example")}, want: "a@x.example > d@y.example"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var from senderArg
			if c.from != "" {
				if err := from.UnmarshalText([]byte(c.from)); err != nil {
					t.Fatal(err)
				}
			}
			var to []addressArg
			for _, a := range c.to {
				one, err := message.ParseAddress(a)
				if err != nil {
					t.Fatal(err)
				}
				to = append(to, addressArg{one})
			}
			env := envelopeOf(&extract.Content{Header: c.header}, from, to)
			var names []string
			for _, r := range env.To {
				names = append(names, r.Address.String())
			}
			if got := env.From.String() + " > " + strings.Join(names, " "); got != c.want {
				t.Errorf("want %s, have %s", c.want, got)
			}
		})
	}
}

func TestMailFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"b.eml", "A.EML", "note.txt", "[odd]/c.eml", "deep.eml/d.eml", "empty/x.txt", "plain"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		args []string
		want []string
		err  string
	}{
		"a file of any name":     {args: []string{"plain"}, want: []string{"plain"}},
		"a folder":               {args: []string{"."}, want: []string{"A.EML", "b.eml"}},
		"in the order given":     {args: []string{"plain", ".", "b.eml"}, want: []string{"plain", "A.EML", "b.eml", "b.eml"}},
		"a name with brackets":   {args: []string{"[odd]"}, want: []string{"[odd]/c.eml"}},
		"a folder called .eml":   {args: []string{"deep.eml"}, want: []string{"deep.eml/d.eml"}},
		"standard input":         {args: []string{"-", "b.eml"}, want: []string{"-", "b.eml"}},
		"a folder without mails": {args: []string{"b.eml", "empty"}, err: "no .eml file in this folder"},
		"no such file":           {args: []string{"b.eml", "nosuch"}, err: "nosuch: no such file or directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var args []string
			for _, a := range c.args {
				if a != "-" {
					a = filepath.Join(dir, a)
				}
				args = append(args, a)
			}
			got, err := mailFiles(args)
			if c.err != "" {
				if err == nil || !strings.HasSuffix(err.Error(), c.err) || got != nil {
					t.Errorf("%v, %v", got, err)
				}
				return
			}
			for i := range got {
				got[i] = strings.TrimPrefix(got[i], dir+"/")
			}
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Error(err, diff)
			}
		})
	}
}
