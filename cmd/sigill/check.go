package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sigill/internal/app"
	"sigill/internal/config"
	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/internal/policy"
	"sigill/internal/sandbox"
)

type checkCmd struct {
	asJSON
	Policy string       `help:"Policy file; without it, the policy that comes with the program." type:"path" placeholder:"FILE"`
	FailOn *levelArg    `help:"Exit with 1 when a verdict is at least this: level1 or level2." placeholder:"LEVEL"`
	From   senderArg    `help:"Envelope sender, <> for none; without it, the first From." placeholder:"ADDRESS"`
	To     []addressArg `help:"Envelope recipients; without them, To and Cc." placeholder:"ADDRESS"`
	Force  bool         `help:"Take a policy although its own tests fail."`
	OCR    bool         `name:"ocr" help:"Read pictures and scanned pages too, by tesseract, within the limits of scan.ocr by default."`
	Reads  []string     `name:"ocr-languages" help:"Languages of tesseract to read them in, as swe,eng; without it, those of scan.ocr by default." placeholder:"LANGUAGE"`
	Files  []string     `arg:"" help:"Mail files; a folder means all .eml in it, - is standard input."`
}

// Run judges each file by the same code as live mail. A file that cannot be read is
// named, and the others are judged.
func (c *checkCmd) Run(e *env) error {
	files, err := mailFiles(c.Files)
	if err != nil {
		return err
	}
	p, err := app.LoadPolicy(e.ctx, c.Policy, c.Force)
	if err != nil {
		return err
	}
	pool, err := c.scanners(e.ctx)
	if err != nil {
		return err
	}
	defer func() { pool.Close() }()
	worst, failed := message.Pass, false
	for _, f := range files {
		x, err := c.one(e, p, pool, f)
		if e.ctx.Err() != nil { // interrupted: no fault of the file
			return e.ctx.Err()
		}
		if err != nil {
			failed = true
			e.note("%s", clean(withName(f, err).Error()))
			continue
		}
		worst = max(worst, x.Verdict)
		if err := c.print(e.out, x); err != nil {
			return err
		}
	}
	if failed {
		return errFailed
	}
	if c.FailOn != nil && worst >= message.Level(*c.FailOn) {
		return errNo
	}
	return nil
}

// scannerWait is how long a command waits for its scanner, which after an update compiles the reader for PDF first.
const scannerWait = 5 * time.Minute

func (c *checkCmd) scanners(ctx context.Context) (*sandbox.Pool, error) {
	pictures := config.Default().Scan.OCR
	pictures.Enabled = c.OCR
	if len(c.Reads) > 0 {
		pictures.Enabled, pictures.Languages = true, c.Reads
	}
	reads, err := app.OCR(ctx, pictures)
	if err != nil {
		return nil, err
	}
	return sandbox.New(sandbox.Options{Workers: 1, Wait: scannerWait, OCR: reads}) //nolint:contextcheck // the pool lives until it is closed
}

func (c *checkCmd) one(e *env, p *policy.Policy, pool *sandbox.Pool, file string) (*policy.Explanation, error) {
	r := reader{env: e, pool: pool, from: c.From, to: c.To}
	in, err := r.read(file, p.Limits())
	if err != nil {
		return nil, err
	}
	_, x, err := p.Evaluate(e.ctx, in)
	if err != nil {
		return nil, err
	}
	x.File, x.TookMS = file, float64(time.Since(in.Now).Microseconds())/1000
	return x, nil
}

// reader reads mail files as live mail is read.
type reader struct {
	env  *env
	pool *sandbox.Pool
	from senderArg
	to   []addressArg
}

// read reads a file; what it takes is counted from the time in it.
func (r *reader) read(file string, limits extract.Limits) (policy.Input, error) {
	raw, err := readMail(r.env.in, file)
	if err != nil {
		return policy.Input{}, err
	}
	start := time.Now()
	content, err := r.pool.Parse(r.env.ctx, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(raw)), nil }, limits)
	if err != nil {
		return policy.Input{}, err
	}
	return policy.Input{Envelope: envelopeOf(content, r.from, r.to), Content: content, Size: int64(len(raw)), Now: start}, nil
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

// withName says which file an error is about, once.
func withName(file string, err error) error {
	if path, ok := errors.AsType[*os.PathError](err); ok {
		return fmt.Errorf("%s: %w", file, path.Err)
	}
	return fmt.Errorf("%s: %w", file, err)
}

// mailFiles puts the .eml files of a folder in its place, by name.
func mailFiles(args []string) ([]string, error) {
	var all []string
	for _, a := range args {
		if a == "-" {
			all = append(all, a)
			continue
		}
		info, err := os.Stat(a)
		if err != nil {
			return nil, withName(a, err)
		}
		if !info.IsDir() {
			all = append(all, a)
			continue
		}
		in, err := mailsIn(a)
		if err != nil {
			return nil, err
		}
		all = append(all, in...)
	}
	return all, nil
}

// mailsIn lists the mail files of a folder, those of its folders left out.
func mailsIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, withName(dir, err)
	}
	var all []string
	for _, entry := range entries {
		if !entry.IsDir() && strings.EqualFold(filepath.Ext(entry.Name()), ".eml") {
			all = append(all, filepath.Join(dir, entry.Name()))
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%s: no .eml file in this folder", dir)
	}
	return all, nil
}
