package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"sigill/internal/policy"
	"sigill/policies"
)

type policyInitCmd struct {
	Country  []string `help:"Countries, such as se or se,nl: the policy speaks of their numbers and in their words." placeholder:"CODE" xor:"what"`
	AllPacks bool     `help:"A rule for every detector of every pack: to look things up and to test all packs, not to use." xor:"what"`
	File     string   `arg:"" optional:"" help:"Where to; it must not be there yet. Without it, standard output."`
}

// Help says what is written.
func (*policyInitCmd) Help() string {
	return "Without a country it writes the policy that comes with the program, for Sweden and the Netherlands. With one, a policy for it is\n" +
		"made of its pack, with comments, rules, trigger words and tests that pass. There are: " + fmt.Sprint(policy.Countries())
}

// Run writes the policy, comments and tests included.
func (c *policyInitCmd) Run(e *env) error {
	text, err := c.text(e)
	if err != nil {
		return err
	}
	if c.File == "" {
		_, err := e.out.Write(text)
		return err
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // a policy is no secret
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(c.File))
	}
	_, err = fmt.Fprintf(e.out, "%s written; sigill policy test runs its tests\n", c.File)
	return err
}

func (c *policyInitCmd) text(e *env) ([]byte, error) {
	switch {
	case c.AllPacks:
		return policy.AllPacks(e.ctx, time.Now())
	case len(c.Country) == 0:
		return policies.Default, nil
	}
	text, err := policy.Starter(e.ctx, c.Country, time.Now())
	if err != nil && e.ctx.Err() == nil {
		return nil, &usageError{err: err, command: "sigill policy init"}
	}
	return text, err
}
