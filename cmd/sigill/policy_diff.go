package main

import (
	"encoding/json"
	"fmt"

	"sigill/internal/app"
	"sigill/internal/policy"
	"sigill/internal/sandbox"
)

type policyDiffCmd struct {
	asJSON
	From  senderArg    `help:"Envelope sender, <> for none; without it, the first From." placeholder:"ADDRESS"`
	To    []addressArg `help:"Envelope recipients; without them, To and Cc." placeholder:"ADDRESS"`
	Force bool         `help:"Take policies although their own tests fail."`
	Old   string       `arg:"" help:"The policy in force." type:"path"`
	New   string       `arg:"" help:"The policy to come." type:"path"`
	Files []string     `arg:"" help:"Mail files; a folder means all .eml in it."`
}

// Help says what is compared.
func (*policyDiffCmd) Help() string {
	return `Each mail is decided by both policies, by the same code as live mail. One of which a recipient would get it in another way
is named with both verdicts, and the rules responsible: + holds only under the new policy, - only under the old one.

Exit codes: 0 nothing changes, 1 something does, 3 a file cannot be read.`
}

// Run compares every file.
func (c *policyDiffCmd) Run(e *env) error {
	files, err := mailFiles(c.Files)
	if err != nil {
		return err
	}
	before, err := app.LoadPolicy(e.ctx, c.Old, c.Force)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Old, err)
	}
	after, err := app.LoadPolicy(e.ctx, c.New, c.Force)
	if err != nil {
		return fmt.Errorf("%s: %w", c.New, err)
	}
	pool, err := sandbox.New(sandbox.Options{Workers: 1, Wait: scannerWait})
	if err != nil {
		return err
	}
	defer func() { pool.Close() }()
	x := differ{env: e, reader: reader{env: e, pool: pool, from: c.From, to: c.To}, before: before, after: after, json: c.JSON}
	for _, f := range files {
		if err := x.one(f); err != nil {
			return err
		}
	}
	return x.end()
}

// differ compares mails and counts.
type differ struct {
	env           *env
	reader        reader
	before, after *policy.Policy
	json          bool

	mails, up, down, both, failed int
}

// one compares the decisions about one file, which is named when it cannot be read.
func (x *differ) one(file string) error {
	d, err := x.compare(file)
	if x.env.ctx.Err() != nil {
		return x.env.ctx.Err()
	}
	if err != nil {
		x.failed++
		x.env.note("%s", clean(withName(file, err).Error()))
		return nil
	}
	x.mails++
	if !d.Changed() {
		return nil
	}
	switch more, less := d.Directions(); {
	case more && less:
		x.both++
	case more:
		x.up++
	default:
		x.down++
	}
	if x.json {
		return json.NewEncoder(x.env.out).Encode(d)
	}
	return x.print(d)
}

func (x *differ) compare(file string) (*policy.Difference, error) {
	in, err := x.reader.read(file, x.before.Limits())
	if err != nil {
		return nil, err
	}
	_, was, err := x.before.Evaluate(x.env.ctx, in)
	if err != nil {
		return nil, err
	}
	if x.before.Limits() != x.after.Limits() {
		if in, err = x.reader.read(file, x.after.Limits()); err != nil {
			return nil, err
		}
	}
	_, is, err := x.after.Evaluate(x.env.ctx, in)
	if err != nil {
		return nil, err
	}
	is.File = file
	d := policy.Compare(was, is)
	return &d, nil
}

func (x *differ) print(d *policy.Difference) error {
	var l lines
	line := fmt.Sprintf("%s: %s -> %s", d.File, d.Old, d.New)
	for _, sign := range []struct {
		sign  string
		rules []string
	}{{"+", d.Gained}, {"-", d.Lost}} {
		for _, id := range sign.rules {
			line += "  " + sign.sign + id
		}
	}
	switch {
	case len(d.Gained)+len(d.Lost) > 0:
	case d.NewBy == d.OldBy:
		line += "  by " + by(d.NewBy) + ", as before"
	default:
		line += "  by " + by(d.NewBy) + ", before by " + by(d.OldBy)
	}
	l.add("%s", line)
	for _, r := range d.Recipients {
		l.add("  for %s: %s -> %s", r.Recipient, r.Old, r.New)
	}
	_, err := l.b.WriteTo(x.env.out)
	return err
}

func by(rule string) string {
	if rule == "" {
		return "nothing"
	}
	return rule
}

// end says how many changed.
func (x *differ) end() error {
	changed := x.up + x.down + x.both
	if !x.json {
		if _, err := fmt.Fprintf(x.env.out, "%d mails, %d change: %d to more protection, %d to less, %d both ways\n", x.mails, changed, x.up, x.down, x.both); err != nil {
			return err
		}
	}
	switch {
	case x.failed > 0:
		return errFailed
	case changed > 0:
		return errNo
	}
	return nil
}
