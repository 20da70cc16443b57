package main

import (
	"fmt"
	"os"
	"testing"

	"sigill/internal/extract/pdf"
	"sigill/internal/sandbox"
	"sigill/internal/testkit"
)

// programEnv makes the test binary be the program, for tests of processes.
const programEnv = "SIGILL_TEST_PROGRAM"

// statusEnv names the file in which the program leaves what the kernel says of it in the end (proc(5), /proc/pid/status).
const statusEnv = "SIGILL_TEST_STATUS"

// TestMain lets the test binary be the child that reads attachments, as the program is for itself.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == sandbox.WorkerArg {
		if err := sandbox.Worker(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(exitFailure)
		}
		os.Exit(exitDone)
	}
	if os.Getenv(programEnv) != "" {
		code := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
		if file := os.Getenv(statusEnv); file != "" {
			status, err := os.ReadFile("/proc/self/status")
			if err == nil {
				err = os.WriteFile(file, status, 0o600)
			}
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				code = exitFailure
			}
		}
		os.Exit(code)
	}
	if dir, err := pdf.CacheDir(); err == nil { // on a busy machine scanners would not be ready in time
		_ = pdf.Fill(dir) // a gateway says so
	}
	testkit.Main(m)
}
