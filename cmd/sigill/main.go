// Command sigill is an outbound SMTP relay and secure-mail gateway.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"sigill/internal/sandbox"
)

// version is set when the binary is built.
var version string

// cli is every command there is.
type cli struct {
	Config string `short:"c" help:"Configuration file." default:"/etc/sigill/sigill.yaml" type:"path" placeholder:"FILE" env:"SIGILL_CONFIG"`

	ShowVersion kong.VersionFlag `name:"version" help:"Print the version."`

	Serve   serveCmd   `cmd:"" help:"Run the gateway."`
	Demo    demoCmd    `cmd:"" help:"Run a gateway to try on this computer: mails and texts show on a web page."`
	Check   checkCmd   `cmd:"" help:"Print the verdict on mail files, and why."`
	Policy  policyCmd  `cmd:"" help:"Work on the policy."`
	Queue   queueCmd   `cmd:"" help:"Look at what waits, and hurry it."`
	Hold    holdCmd    `cmd:"" help:"Look at held messages, and decide about them."`
	Trace   traceCmd   `cmd:"" help:"Find out what became of a message."`
	Report  reportCmd  `cmd:"" help:"Count messages by the rule that decided: what was enforced, and what was only observed."`
	Keys    keysCmd    `cmd:"" help:"Work on the key ring."`
	Backup  backupCmd  `cmd:"" help:"Write a backup of the store, and of the key ring apart from it."`
	Restore restoreCmd `cmd:"" help:"Read a backup into an empty store."`
	Migrate migrateCmd `cmd:"" help:"Bring the store to the form that this version needs."`
	Conf    configCmd  `cmd:"" name:"config" help:"Work on the configuration."`
	Doctor  doctorCmd  `cmd:"" help:"Look for what is wrong: configuration, policy, store, keys, next hops, certificates, clock, DNS."`
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

// note says something on the side, where it does not disturb the output.
func (e *env) note(format string, args ...any) {
	_, _ = fmt.Fprintf(e.err, "sigill: "+format+"\n", args...)
}

// run is main with its outside handed in, so that tests can run the program.
func run(args []string, in io.Reader, out, errOut io.Writer) int {
	if len(args) > 0 && args[0] == sandbox.WorkerArg {
		return worker()
	}
	var c cli
	code := exitDone
	if len(args) == 0 { // help, and yet nothing was done
		args, out, code = []string{"--help"}, errOut, exitUsage
	}
	ended := false
	parser, err := newParser(&c, out, errOut, func(int) { ended = true })
	if err != nil {
		return exitCode(err, errOut)
	}
	parsed, err := parser.Parse(args)
	if ended { // help was printed
		return code
	}
	if err != nil {
		return exitCode(asUsage(err), errOut)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return exitCode(parsed.Run(&env{ctx: ctx, in: in, out: out, err: errOut, config: c.Config}), errOut)
}

func newParser(c *cli, out, errOut io.Writer, exit func(int)) (*kong.Kong, error) {
	return kong.New(c, kong.Name("sigill"),
		kong.Description("Outbound SMTP relay and secure-mail gateway.\n\n"+
			"Exit codes: 0 done, 1 the answer is no, 2 wrong use, 3 failure."),
		kong.Writers(out, errOut), kong.Exit(exit), kong.Vars{"version": "sigill " + versionName()},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}))
}

// asUsage is a mistake on the command line, with the command whose help may be asked for.
func asUsage(err error) error {
	words := []string{"sigill"}
	if e, ok := errors.AsType[*kong.ParseError](err); ok {
		for _, p := range e.Context.Path {
			if p.Command != nil {
				words = append(words, p.Command.Name)
			}
		}
	}
	return &usageError{err: err, command: strings.Join(words, " ")}
}

func worker() int {
	return exitCode(sandbox.Worker(os.Stdin, os.Stdout), os.Stderr)
}

type versionCmd struct{}

func (versionCmd) Run(e *env) error {
	_, err := fmt.Fprintln(e.out, "sigill", versionName())
	return err
}

// versionName is what the build set, else what the toolchain knows.
func versionName() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "(devel)" {
		return cmp.Or(info.Main.Version, "devel")
	}
	return "devel"
}
