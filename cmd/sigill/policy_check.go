package main

import (
	"errors"
	"fmt"
	"time"

	"sigill/internal/app"
)

type policyCheckCmd struct {
	Files []string `arg:"" optional:"" help:"Policy files; without them, the policy that comes with the program."`
}

// Help says what is looked at.
func (*policyCheckCmd) Help() string {
	return `Every mistake is named with its file, line and column, and with the word that was probably meant. An exception past its
last day is a mistake. A detector that has to run over every text, because nothing in it says where to look, is named as costly.

Exit codes: 0 all is fine, 1 something is wrong, 3 a file cannot be read.`
}

// Run compiles each file.
func (c *policyCheckCmd) Run(e *env) error {
	var end error
	for _, f := range orDefault(c.Files) {
		p, err := app.CompilePolicy(f)
		if err != nil {
			end = worse(end, refused(e, f, err))
			continue
		}
		var l lines
		if expired := p.Expired(time.Now()).Err(); expired != nil {
			end = worse(end, refused(e, f, expired))
		} else {
			l.add("%s is fine: %s", nameOf(f), p.ID())
		}
		for _, w := range p.Warnings() {
			l.add("  costly: %s", w)
		}
		if _, err := l.b.WriteTo(e.out); err != nil {
			return err
		}
	}
	return end
}

// refused prints what is wrong with a policy. It is a failure when the file could not be
// read, and otherwise the answer no.
func refused(e *env, file string, err error) error {
	if unreadable(file, err) {
		e.note("%v", withName(file, err))
		return errFailed
	}
	_, _ = fmt.Fprintln(e.err, err) // each line begins with file:line:column, as editors want it
	return errNo
}

// worse is the one of two ends that counts: failure before no.
func worse(a, b error) error {
	if errors.Is(a, errFailed) || b == nil {
		return a
	}
	return b
}
