package main

import (
	"bytes"
	"fmt"
	"text/tabwriter"
	"time"

	"sigill/internal/app"
	"sigill/internal/policy"
)

type policyCoverageCmd struct {
	asJSON
	Strict bool     `help:"Want, for each rule, a test that must not make it fire although something of what it asks for is there."`
	All    bool     `short:"a" help:"Print the rules that the tests try, too."`
	Files  []string `arg:"" optional:"" help:"Policy files; without them, the policy that comes with the program."`
}

// Help says what the numbers are.
func (*policyCoverageCmd) Help() string {
	return `For every rule, trigger and label:

  FIRES   tests in which it holds
  SILENT  tests that say that it must not: a lower verdict, rules without it, not_rules, or observed without it
  NEAR    of those, the ones that come near: something of what it asks for was found, or looked at and rejected

A rule without a test that makes it fire, or without one that must not, is named, and the exit code is 1. With --strict, a
test that must not has to come near.`
}

// coverageRow is one rule of one policy.
type coverageRow struct {
	File string `json:"file"`
	policy.Coverage
	Missing string `json:"missing,omitempty"`
}

// Run counts the tests of each file.
func (c *policyCoverageCmd) Run(e *env) error {
	var end error
	var rows []coverageRow
	lacking := 0
	for _, f := range orDefault(c.Files) {
		p, err := app.CompilePolicy(f)
		if err != nil {
			end = worse(end, refused(e, f, err))
			continue
		}
		all, err := p.Coverage(e.ctx, time.Now())
		if err != nil {
			return fmt.Errorf("%s: %w", nameOf(f), err)
		}
		for _, one := range all {
			row := coverageRow{File: nameOf(f), Coverage: one, Missing: c.missing(one)}
			if row.Missing != "" {
				lacking++
				end = worse(end, errNo)
			}
			rows = append(rows, row)
		}
	}
	if c.JSON {
		if err := list(e.out, true, nil, rows, nil); err != nil {
			return err
		}
		return end
	}
	if err := c.print(e, rows, lacking); err != nil {
		return err
	}
	return end
}

func (c *policyCoverageCmd) missing(x policy.Coverage) string {
	switch {
	case x.Fires == 0:
		return "no test makes it fire"
	case x.Silent == 0:
		return "no test says when it must not fire"
	case c.Strict && x.Near == 0:
		return "no test comes near and must not fire"
	}
	return ""
}

func (c *policyCoverageCmd) print(e *env, rows []coverageRow, lacking int) error {
	var b bytes.Buffer
	if c.All || lacking > 0 {
		tab := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		_, _ = fmt.Fprintln(tab, "RULE\tFIRES\tSILENT\tNEAR\tMISSING\tPOLICY") // a buffer takes everything
		for _, r := range rows {
			if c.All || r.Missing != "" {
				_, _ = fmt.Fprintf(tab, "%s\t%d\t%d\t%d\t%s\t%s\n", clean(r.Rule), r.Fires, r.Silent, r.Near, r.Missing, clean(r.File))
			}
		}
		_ = tab.Flush()
	}
	_, _ = fmt.Fprintf(&b, "%d rules tried, %d not\n", len(rows)-lacking, lacking)
	_, err := b.WriteTo(e.out)
	return err
}
