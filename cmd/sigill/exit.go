package main

import (
	"errors"
	"fmt"
	"io"
	"syscall"
)

// Exit codes.
const (
	exitDone    = 0
	exitNo      = 1 // the answer is no
	exitUsage   = 2
	exitFailure = 3
)

// Ends of commands that have printed all there is to say.
var (
	errNo     = errors.New("no")
	errFailed = errors.New("failed")
)

// noError is an answer: what was asked for is not so, or not there.
type noError struct{ text string }

func (e *noError) Error() string { return e.text }

func no(format string, args ...any) error { return &noError{fmt.Sprintf(format, args...)} }

// usageError is a mistake on the command line; command is whose help may help.
type usageError struct {
	err     error
	command string
}

func (e *usageError) Error() string { return e.err.Error() }

func (e *usageError) Unwrap() error { return e.err }

// exitCode prints what an error has to say, and turns it into the program's exit code.
// Nobody is told of a broken pipe: who reads has gone.
func exitCode(err error, errOut io.Writer) int {
	if err == nil {
		return exitDone
	}
	code, hint := exitFailure, ""
	if _, ok := errors.AsType[*noError](err); ok {
		code = exitNo
	}
	if usage, ok := errors.AsType[*usageError](err); ok {
		code, hint = exitUsage, "Try "+usage.command+" --help.\n"
	}
	switch {
	case errors.Is(err, errNo):
		return exitNo
	case errors.Is(err, errFailed), errors.Is(err, syscall.EPIPE):
		return exitFailure
	}
	_, _ = fmt.Fprintf(errOut, "sigill: %v\n%s", err, hint)
	return code
}
