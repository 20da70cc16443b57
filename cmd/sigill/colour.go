package main

import (
	"io"
	"os"
	"strings"
)

// paint colours text for a terminal, and leaves it alone for everybody else.
type paint bool

// paintFor says whether what is written to w is read on a terminal by somebody who wants colours (no-color.org).
func paintFor(w io.Writer, getenv func(string) string) paint {
	f, ok := w.(*os.File)
	if !ok || getenv("NO_COLOR") != "" || getenv("TERM") == "dumb" {
		return false
	}
	info, err := f.Stat()
	return paint(err == nil && info.Mode()&os.ModeCharDevice != 0)
}

// The colours, as SGR parameters (ECMA-48 8.3.117).
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

func (p paint) in(colour, s string) string {
	if !p || s == "" {
		return s
	}
	var b strings.Builder
	b.WriteString("\x1b[" + colour + "m" + s + "\x1b[0m")
	return b.String()
}
