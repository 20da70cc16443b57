package main

import (
	"encoding/json"
	"os"

	"sigill/internal/app"
	"sigill/internal/policy"
	"sigill/internal/sandbox"
)

type policyExplainCmd struct {
	asJSON
	Policy string       `help:"Policy file; without it, the policy that comes with the program." type:"path" placeholder:"FILE"`
	From   senderArg    `help:"Envelope sender, <> for none; without it, the first From." placeholder:"ADDRESS"`
	To     []addressArg `help:"Envelope recipients; without them, To and Cc." placeholder:"ADDRESS"`
	All    bool         `help:"The whole text, and also what no rule asks for and pieces of longer numbers."`
	Clear  bool         `help:"Values in clear. Without it they are masked, so that the output can be shown to others; the text around them is in clear all the same."`
	Force  bool         `help:"Take a policy although its own tests fail."`
	Files  []string     `arg:"" help:"Mail files; a folder means all .eml in it, - is standard input."`
}

// Help says what the output means.
func (*policyExplainCmd) Help() string {
	return `For every part of a mail it prints the text as the detectors read it: encodings undone, HTML as text, cells of a table
with ⇥ between them, invisible characters left out. Under each line stands what looked like something there, and what became of it:

  counts          a rule that holds counts it
  does not count  it was found, and yet no rule holds by it
  rejected        it has the form of a value and is none

with the reason, and the words near it that made it surer or less sure. Of one kind, ten are told of in each part; --all
tells of all.`
}

// Run gives account of each file, by the same code as live mail.
func (c *policyExplainCmd) Run(e *env) error {
	files, err := mailFiles(c.Files)
	if err != nil {
		return err
	}
	p, err := app.LoadPolicy(e.ctx, c.Policy, c.Force)
	if err != nil {
		return err
	}
	pool, err := sandbox.New(sandbox.Options{Workers: 1, Wait: scannerWait})
	if err != nil {
		return err
	}
	defer func() { pool.Close() }()
	r := reader{env: e, pool: pool, from: c.From, to: c.To}
	end := error(nil)
	for _, f := range files {
		in, err := r.read(f, p.Limits())
		if err == nil {
			err = c.one(e, p, f, in)
		}
		if e.ctx.Err() != nil {
			return e.ctx.Err()
		}
		if err != nil {
			end = errFailed
			e.note("%s", clean(withName(f, err).Error()))
		}
	}
	return end
}

func (c *policyExplainCmd) one(e *env, p *policy.Policy, file string, in policy.Input) error {
	a, err := p.Account(e.ctx, in, c.Clear)
	if err != nil {
		return err
	}
	a.File = file
	if c.JSON {
		return json.NewEncoder(e.out).Encode(a)
	}
	return writeAccount(e.out, a, c.All, paintFor(e.out, os.Getenv))
}
