package main

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"sigill/internal/app"
	"sigill/internal/policy"
)

type policyTestCmd struct {
	asJSON
	Verbose bool     `short:"v" help:"Print one line for each test, not only for those that fail."`
	Files   []string `arg:"" optional:"" help:"Policy files; without them, the policy that comes with the program."`
}

// testRow is the outcome of one test of a policy.
type testRow struct {
	File        string              `json:"file"`
	Test        string              `json:"test"`
	Place       string              `json:"place,omitempty"`
	Passed      bool                `json:"passed"`
	Failures    []string            `json:"failures,omitempty"`
	Explanation *policy.Explanation `json:"explanation,omitempty"` // of a test that failed
}

// Help says which tests run.
func (*policyTestCmd) Help() string {
	return `Each test is a mail that goes through the same code as live mail. Besides the tests of a policy and of its own detectors,
the examples of every pack that it uses are run, each pack once however many policies use it; policies/all-packs.yaml uses them all.
It ends with "N passed, N failed". A failed test is printed with what was found and what was rejected.

The gateway refuses a policy that fails: at a start it does not come up, at a reload the old policy stays (serve --force).`
}

// Run runs every test in every file, and those of the packs that each uses.
func (c *policyTestCmd) Run(e *env) error {
	var end error
	passed, failed := 0, 0
	packs := map[string]bool{}
	for _, f := range orDefault(c.Files) {
		p, err := app.CompilePolicy(f)
		if err != nil {
			end = worse(end, refused(e, f, err))
			failed++
			continue
		}
		rows := testRows(e.ctx, nameOf(f), p, packs)
		for i := range rows {
			if rows[i].Passed {
				passed++
				continue
			}
			failed++
			end = worse(end, errNo)
		}
		if err := c.print(e, rows); err != nil {
			return err
		}
	}
	if c.JSON {
		return end
	}
	if _, err := fmt.Fprintf(e.out, "%d passed, %d failed\n", passed, failed); err != nil {
		return err
	}
	return end
}

func testRows(ctx context.Context, file string, p *policy.Policy, packs map[string]bool) []testRow {
	var rows []testRow
	for _, r := range p.RunTestsOnce(ctx, time.Now(), packs) {
		row := testRow{File: file, Test: r.Name, Passed: r.Passed(), Failures: r.Failures}
		if !r.Pos.IsZero() {
			row.Place = r.Pos.String()
		}
		if !row.Passed {
			row.Explanation = r.Explanation
		}
		rows = append(rows, row)
	}
	return rows
}

func (c *policyTestCmd) print(e *env, rows []testRow) error {
	if c.JSON {
		return list(e.out, true, nil, rows, nil)
	}
	var b bytes.Buffer
	for i := range rows {
		if c.Verbose || !rows[i].Passed {
			rows[i].print(&b)
		}
	}
	_, err := b.WriteTo(e.out)
	return err
}

// print prints one line, and for a failure what was expected.
func (r *testRow) print(b *bytes.Buffer) {
	if r.Passed {
		fmt.Fprintf(b, "ok    %s\n", r.Test)
		return
	}
	fmt.Fprintf(b, "FAIL  %s (%s)\n      %s\n", r.Test, r.Place, strings.Join(r.Failures, "\n      "))
	if r.Explanation != nil {
		_ = writeExplanation(b, r.Explanation) // a buffer takes everything
	}
}
