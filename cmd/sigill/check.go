package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"sigill/internal/app"
	"sigill/internal/message"
	"sigill/internal/policy"
	"sigill/internal/sandbox"
)

type checkCmd struct {
	Policy string   `help:"Policy file; without it, the policy that comes with the program." type:"path"`
	JSON   bool     `help:"One JSON object a line."`
	FailOn string   `help:"Exit with 1 when a verdict is at least this: level1 or level2." enum:",level1,level2" default:""`
	From   string   `help:"Envelope sender; without it, the first From."`
	To     []string `help:"Envelope recipients; without them, To and Cc."`
	Force  bool     `help:"Take a policy although its own tests fail."`
	Files  []string `arg:"" help:"Mail files; a folder means all .eml in it, - is standard input."`
}

// Run judges each file by the same code as live mail.
func (c *checkCmd) Run(e *env) error {
	p, err := app.LoadPolicy(e.ctx, c.Policy, c.Force)
	if err != nil {
		return err
	}
	pool, err := sandbox.New(sandbox.Options{Workers: 1})
	if err != nil {
		return err
	}
	defer func() { pool.Close() }()
	files, err := mailFiles(c.Files)
	if err != nil {
		return err
	}
	worst := message.Pass
	for _, f := range files {
		x, err := c.one(e, p, pool, f)
		if err != nil {
			return fmt.Errorf("%s: %w", f, err)
		}
		worst = max(worst, x.Verdict)
		if err := c.print(e.out, x); err != nil {
			return err
		}
	}
	if limit, err := message.ParseLevel(c.FailOn); err == nil && c.FailOn != "" && worst >= limit {
		return errNo
	}
	return nil
}

func (c *checkCmd) one(e *env, p *policy.Policy, pool *sandbox.Pool, file string) (*policy.Explanation, error) {
	raw, err := readMail(e.in, file)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	content, err := pool.Parse(e.ctx, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }, p.Limits())
	if err != nil {
		return nil, err
	}
	in := policy.Input{Content: content, Size: int64(len(raw)), Now: start}
	if in.Envelope, err = envelopeOf(content, c.From, c.To); err != nil {
		return nil, err
	}
	_, x, err := p.Evaluate(e.ctx, in)
	if err != nil {
		return nil, err
	}
	x.File, x.TookMS = file, float64(time.Since(start).Microseconds())/1000
	return x, nil
}

func (c *checkCmd) print(w io.Writer, x *policy.Explanation) error {
	if c.JSON {
		return json.NewEncoder(w).Encode(x)
	}
	return writeExplanation(w, x)
}

func readMail(in io.Reader, file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(in)
	}
	return os.ReadFile(file)
}

// mailFiles puts the .eml files of a folder in its place.
func mailFiles(args []string) ([]string, error) {
	var all []string
	for _, a := range args {
		info, err := os.Stat(a)
		switch {
		case a == "-":
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("%s: there is no such file", a)
		case err != nil:
			return nil, err
		case info.IsDir():
			in, err := filepath.Glob(filepath.Join(a, "*.eml"))
			if err != nil {
				return nil, err
			}
			if len(in) == 0 {
				return nil, fmt.Errorf("%s: no .eml file in this folder", a)
			}
			slices.SortFunc(in, strings.Compare)
			all = append(all, in...)
			continue
		}
		all = append(all, a)
	}
	return all, nil
}
