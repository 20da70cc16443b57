package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"sigill/internal/app"
	"sigill/internal/policy"
	"sigill/policies"
)

type policyCmd struct {
	Init    policyInitCmd    `cmd:"" help:"Write the policy that comes with the program, to start from."`
	Check   policyCheckCmd   `cmd:"" help:"Compile policies and say what is wrong with them."`
	Test    policyTestCmd    `cmd:"" help:"Run the tests inside policies."`
	Explain policyExplainCmd `cmd:"" help:"Show the text of mails as the detectors read it, and what became of everything that looked like something."`
}

type policyInitCmd struct {
	File string `arg:"" optional:"" help:"Where to; it must not be there yet. Without it, standard output."`
}

// Run writes the policy as it is, comments and tests included.
func (c *policyInitCmd) Run(e *env) error {
	if c.File == "" {
		_, err := e.out.Write(policies.Default)
		return err
	}
	f, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // a policy is no secret
	if err != nil {
		return err
	}
	_, err = f.Write(policies.Default)
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(c.File))
	}
	_, err = fmt.Fprintf(e.out, "%s written; sigill policy test runs its tests\n", c.File)
	return err
}

type policyCheckCmd struct {
	Files []string `arg:"" optional:"" help:"Policy files; without them, the policy that comes with the program."`
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
		l.add("%s is fine: %s", nameOf(f), p.ID())
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

// Run runs every test in every file, and those of the packs that each uses.
func (c *policyTestCmd) Run(e *env) error {
	var end error
	passed, failed := 0, 0
	for _, f := range orDefault(c.Files) {
		p, err := app.CompilePolicy(f)
		if err != nil {
			end = worse(end, refused(e, f, err))
			failed++
			continue
		}
		rows := testRows(e.ctx, nameOf(f), p)
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

func testRows(ctx context.Context, file string, p *policy.Policy) []testRow {
	var rows []testRow
	for _, r := range p.RunTests(ctx, time.Now()) {
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

func orDefault(files []string) []string {
	if len(files) == 0 {
		return []string{""}
	}
	return files
}

func nameOf(file string) string {
	if file == "" {
		return "the policy of the program"
	}
	return file
}
