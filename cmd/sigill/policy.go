package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"sigill/internal/app"
	"sigill/internal/policy"
)

type policyCmd struct {
	Check policyCheckCmd `cmd:"" help:"Compile a policy and say what is wrong with it."`
	Test  policyTestCmd  `cmd:"" help:"Run the tests inside policies."`
}

type policyCheckCmd struct {
	Files []string `arg:"" optional:"" help:"Policy files; without them, the policy that comes with the program." type:"path"`
}

// Run compiles each file.
func (c *policyCheckCmd) Run(e *env) error {
	no := false
	for _, f := range orDefault(c.Files) {
		p, err := app.CompilePolicy(f)
		if err != nil {
			_, _ = fmt.Fprintln(e.err, err)
			no = true
			continue
		}
		if _, err := fmt.Fprintf(e.out, "%s is fine: %s\n", nameOf(f), p.ID()); err != nil {
			return err
		}
	}
	if no {
		return errNo
	}
	return nil
}

type policyTestCmd struct {
	Verbose bool     `short:"v" help:"One line for each test."`
	Files   []string `arg:"" optional:"" help:"Policy files; without them, the policy that comes with the program." type:"path"`
}

// Run runs every test in every file, and those of the packs that each uses.
func (c *policyTestCmd) Run(e *env) error {
	passed, failed := 0, 0
	for _, f := range orDefault(c.Files) {
		p, err := app.CompilePolicy(f)
		if err != nil {
			_, _ = fmt.Fprintln(e.err, err)
			failed++
			continue
		}
		for _, r := range p.RunTests(e.ctx, time.Now()) {
			if r.Passed() {
				passed++
			} else {
				failed++
			}
			if c.Verbose || !r.Passed() {
				if err := printTest(e.out, &r); err != nil {
					return err
				}
			}
		}
	}
	if _, err := fmt.Fprintf(e.out, "%d passed, %d failed\n", passed, failed); err != nil {
		return err
	}
	if failed > 0 {
		return errNo
	}
	return nil
}

// printTest prints one line, and for a failure what was expected.
func printTest(w io.Writer, r *policy.TestResult) error {
	if r.Passed() {
		_, err := fmt.Fprintf(w, "ok    %s\n", r.Name)
		return err
	}
	_, err := fmt.Fprintf(w, "FAIL  %s (%s)\n      %s\n", r.Name, r.Pos, strings.Join(r.Failures, "\n      "))
	if err != nil || r.Explanation == nil {
		return err
	}
	return writeExplanation(w, r.Explanation)
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
