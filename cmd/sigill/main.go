// Command sigill is an outbound SMTP relay and secure-mail gateway.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"sigill/internal/sandbox"
)

// version is set when the binary is built.
var version = "devel"

// Exit codes.
const (
	exitDone    = 0
	exitNo      = 1 // the answer is no
	exitUsage   = 2
	exitFailure = 3
)

// errNo ends a command whose answer is no; it was printed already.
var errNo = errors.New("no")

// cli is every command there is.
type cli struct {
	Config string `short:"c" help:"Configuration file." default:"/etc/sigill/sigill.yaml" type:"path" env:"SIGILL_CONFIG"`

	Serve   serveCmd   `cmd:"" help:"Run the gateway."`
	Demo    demoCmd    `cmd:"" help:"Run a gateway to try on this computer: mails and texts show on a web page."`
	Check   checkCmd   `cmd:"" help:"Print the verdict on mail files, and why."`
	Policy  policyCmd  `cmd:"" help:"Work on the policy."`
	Queue   queueCmd   `cmd:"" help:"Look at what waits, and hurry it."`
	Hold    holdCmd    `cmd:"" help:"Look at held messages, and decide about them."`
	Trace   traceCmd   `cmd:"" help:"Find out what became of a message."`
	Report  reportCmd  `cmd:"" help:"Count verdicts, enforced and observed."`
	Keys    keysCmd    `cmd:"" help:"Work on the key ring."`
	Backup  backupCmd  `cmd:"" help:"Write a backup of the store, and of the key ring apart from it."`
	Restore restoreCmd `cmd:"" help:"Read a backup into an empty store."`
	Migrate migrateCmd `cmd:"" help:"Bring the store to the form that this version needs."`
	Conf    configCmd  `cmd:"" name:"config" help:"Work on the configuration."`
	Doctor  doctorCmd  `cmd:"" help:"Look for what is wrong: store, keys, next hops, certificates, clock, DNS."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// env is what a command has of the outside.
type env struct {
	ctx    context.Context
	in     io.Reader
	out    io.Writer
	err    io.Writer
	config string
}

// run is main with its outside handed in, so that tests can run the program.
func run(args []string, in io.Reader, out, errOut io.Writer) int {
	if len(args) > 0 && args[0] == sandbox.WorkerArg {
		return worker(args)
	}
	var c cli
	exit := -1
	parser, err := kong.New(&c, kong.Name("sigill"),
		kong.Description("Outbound SMTP relay and secure-mail gateway."),
		kong.Writers(out, errOut), kong.Exit(func(code int) { exit = code }), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		_, _ = fmt.Fprintln(errOut, "sigill:", err)
		return exitFailure
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parsed, err := parser.Parse(args)
	if exit >= 0 { // help was printed
		return exit
	}
	if err != nil {
		_, _ = fmt.Fprintf(errOut, "sigill: %v\nTry sigill --help.\n", err)
		return exitUsage
	}
	err = parsed.Run(&env{ctx: ctx, in: in, out: out, err: errOut, config: c.Config})
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errNo):
		return exitNo
	}
	_, _ = fmt.Fprintf(errOut, "sigill: %v\n", err)
	return exitFailure
}

func worker([]string) int {
	if err := sandbox.Worker(os.Stdin, os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "sigill:", err)
		return exitFailure
	}
	return exitDone
}

type versionCmd struct{}

func (versionCmd) Run(e *env) error {
	_, err := fmt.Fprintln(e.out, "sigill", version)
	return err
}
