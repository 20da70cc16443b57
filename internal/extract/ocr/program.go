package ocr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Program is a tesseract that was found, with what it needs. It can be handed to another process as JSON.
type Program struct {
	Path      string   // of the program, without links
	Data      string   // folder of the languages
	Languages []string // to read; each is there
	Turns     bool     // it can tell which way a page is turned
	Version   string
}

// findTime is how long a program may take to say what it has.
const findTime = 10 * time.Second

// listHead begins what a program says of its languages: the folder that they lie in, in quotes, and their number follow.
const listHead = "List of available languages"

// Find looks for a program, by its path or by its name in PATH, and asks it whether it has the languages, which have
// tesseract's own names ("swe"). The error says what is missing, for whoever set it up.
func Find(ctx context.Context, name string, want []string) (Program, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return Program{}, fmt.Errorf("%s is not there; on Debian, install tesseract-ocr", name)
	}
	if path, err = filepath.Abs(path); err == nil {
		path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return Program{}, fmt.Errorf("look for %s: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, findTime)
	defer cancel()
	p := Program{Path: path}
	out, err := p.say(ctx, "--list-langs")
	if err != nil {
		return Program{}, fmt.Errorf("ask %s for its languages: %w", path, err)
	}
	has, err := p.list(out)
	if err != nil {
		return Program{}, fmt.Errorf("ask %s for its languages: %w", path, err)
	}
	for _, l := range want {
		if !slices.Contains(has, l) {
			return Program{}, fmt.Errorf("%s has no language %s, only %s; on Debian, install tesseract-ocr-%s",
				path, l, strings.Join(has, ", "), strings.ReplaceAll(l, "_", "-"))
		}
	}
	p.Languages = slices.Clone(want)
	if out, err = p.say(ctx, "--version"); err == nil {
		line, _, _ := strings.Cut(out, "\n")
		p.Version = strings.TrimSpace(strings.TrimPrefix(line, "tesseract"))
	}
	return p, nil
}

// list reads what the program says of its languages.
func (p *Program) list(out string) ([]string, error) {
	head, rest, _ := strings.Cut(out, "\n")
	head, ok := strings.CutPrefix(head, listHead)
	if !ok {
		return nil, errors.New("this is no tesseract of version 4 or later")
	}
	if _, in, ok := strings.Cut(head, `"`); ok {
		p.Data = in[:max(0, strings.LastIndexByte(in, '"'))]
	}
	if p.Data != "" {
		if dir, err := filepath.EvalSymlinks(p.Data); err == nil {
			p.Data = dir
		}
	}
	var has []string
	for line := range strings.Lines(rest) {
		if l := strings.TrimSpace(line); l != "" {
			has = append(has, l)
		}
	}
	p.Turns = slices.Contains(has, "osd")
	return has, nil
}

// say runs the program for what it writes.
func (p *Program) say(ctx context.Context, arg string) (string, error) {
	var out bytes.Buffer
	cmd := p.command(ctx, arg)
	cmd.Stdout, cmd.Stderr = &bounded{w: &out, left: 64 << 10}, io.Discard
	if err := cmd.Run(); err != nil {
		return "", err
	}
	return out.String(), nil
}

// command starts in a group of processes of its own, which ends as a whole with ctx, and with the process that started it.
func (p *Program) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, p.Path, args...) //nolint:gosec // the administrator names the program
	// One thread: several gain little for one page, and take what others need. Its numbers and letters are to be the same everywhere.
	cmd.Env = []string{"OMP_THREAD_LIMIT=1", "LC_ALL=C.UTF-8"}
	cmd.Dir = "/"
	cmd.WaitDelay = time.Second
	group(cmd)
	return cmd
}

// Errors of [Program.Read].
var (
	ErrTime   = errors.New("no answer in time")
	ErrFailed = errors.New("tesseract failed")
)

// Read reads a picture of that many pixels, packed like those of a [Picture], within ctx. The error is [ErrTime],
// [ErrFailed], or one of packed. The caller's goroutine must be locked to its thread if the program is to end with it.
func (p *Program) Read(ctx context.Context, width, height int, packed io.Reader) (*Result, error) {
	if width <= 0 || height <= 0 || max(width, height) > mostSide || width > 2*mostPixels/height {
		return nil, fmt.Errorf("%w: %d x %d pixels", ErrFailed, width, height)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var table bytes.Buffer
	cmd := p.command(ctx, p.args()...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = portable(width, height, packed), &bounded{w: &table, left: maxTable, over: cancel}, io.Discard
	err := cmd.Run()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, ErrTime
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrFailed, err)
	}
	r, err := readTable(&table)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFailed, err)
	}
	return r, nil
}

// resolution is said to be that of a picture, as its own says nothing of its letters.
const resolution = 300

// args reads from standard input and writes a table to standard output. Pages are taken apart into columns and lines, after
// they were turned upright where the program can tell.
func (p *Program) args() []string {
	layout := "3"
	if p.Turns {
		layout = "1"
	}
	args := []string{"stdin", "stdout", "-l", strings.Join(p.Languages, "+"), "--psm", layout, "--dpi", strconv.Itoa(resolution), "-c", "tessedit_create_tsv=1"}
	if p.Data != "" {
		args = append(args, "--tessdata-dir", p.Data)
	}
	return args
}

var errMuch = errors.New("more output than expected")

// bounded passes on so many bytes, and then fails.
type bounded struct {
	w    io.Writer
	left int
	over func() // called then; may be nil
}

// Write implements [io.Writer].
func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		if b.over != nil {
			b.over()
		}
		return 0, errMuch
	}
	return b.w.Write(p)
}
