package main

import (
	"fmt"
	"os"
	"testing"

	"sigill/internal/sandbox"
	"sigill/internal/testkit"
)

// programEnv makes the test binary be the program, for tests of processes.
const programEnv = "SIGILL_TEST_PROGRAM"

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
		os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	testkit.Main(m)
}
