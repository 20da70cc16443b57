package sandbox

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"sigill/internal/extract"
	"sigill/internal/extract/ocr"
	"sigill/internal/extract/pdf"
)

// WorkerArg is the argument with which the binary must be started to be a child. The
// program's main function looks for it before anything else and calls [Worker].
const WorkerArg = "extract-worker"

// maxLimits bounds the frames with limits.
const maxLimits = 4 << 10

// Confinement is what a child has given up. What is false or 0 could not be had here.
type Confinement struct {
	Landlock  int   // version of the kernel's interface in force, 0 for none
	Memory    int64 // bytes of data that the process may hold
	Processor bool  // processor time is limited for each message
	Files     bool  // nothing can be written to disk
}

// setup is what a parent tells its child before anything else.
type setup struct {
	Memory int64  // bytes of data
	Cache  string // folder with the machine code of the reader for PDF; "" for none
	Fill   bool   // do nothing but fill it

	Reads *ocr.Program // read pictures by this, and nothing else
}

// Worker is the child's side: it reads what it may use, confines the process, says hello, and answers messages
// until in ends. It is to be given standard input and output, and to be called before
// the program has opened anything.
func Worker(in io.Reader, out io.Writer) error {
	signal.Ignore(os.Interrupt, syscall.SIGTERM) // a draining parent still needs us; we end with our input
	r := bufio.NewReaderSize(in, dataSize)
	what, err := readSetup(r)
	if err != nil {
		return err
	}
	if what.Fill { // no message comes here, so nothing is given up
		if err := pdf.Fill(what.Cache); err != nil {
			return fmt.Errorf("fill cache: %w", err)
		}
		return writeFrame(out, frameHello, []byte("{}"))
	}
	debug.SetMemoryLimit(what.Memory / 2) // where the garbage collector begins to work hard
	var confined Confinement
	if what.Reads != nil {
		confined = confineReader(what.Memory, what.Reads)
	} else {
		confined = confine(what.Memory, what.Cache)
	}
	hello, err := json.Marshal(confined)
	if err != nil {
		return fmt.Errorf("write hello: %w", err)
	}
	if err := writeFrame(out, frameHello, hello); err != nil {
		return err
	}
	parser := extract.Parser{PDF: pdf.New(what.Cache)}
	next := func() error { return answer(parser, r, out) }
	if what.Reads != nil {
		runtime.LockOSThread() // what is started here dies with this thread (prctl(2), PR_SET_PDEATHSIG)
		next = func() error { return answerPicture(what.Reads, r, out) }
	}
	for {
		err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func readSetup(r io.Reader) (what setup, err error) {
	b, err := readFrame(r, frameSetup, maxLimits)
	if err != nil {
		return what, err
	}
	if err := json.Unmarshal(b, &what); err != nil || what.Memory <= 0 {
		return what, fmt.Errorf("read setup: %w", errFrame)
	}
	return what, nil
}

// answer reads one message and writes what was found.
func answer(parser extract.Parser, r io.Reader, out io.Writer) error {
	b, err := readFrame(r, frameLimits, maxLimits)
	if err != nil {
		return err
	}
	var lim extract.Limits
	if err := json.Unmarshal(b, &lim); err != nil {
		return fmt.Errorf("read limits: %w", err)
	}
	limitProcessor(lim.Time)
	msg := &frameReader{r: r}
	c, err := parser.Parse(context.Background(), msg, lim)
	if err != nil {
		return fmt.Errorf("read message: %w", err)
	}
	if _, err := io.Copy(io.Discard, msg); err != nil { // Parse may stop early
		return fmt.Errorf("read message: %w", err)
	}
	reply, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	if err := writeFrame(out, frameAnswer, reply); err != nil {
		return err
	}
	for i := range c.Pictures {
		if err := writeFrame(out, framePixels, c.Pictures[i].Image.Pixels); err != nil {
			return err
		}
	}
	return nil
}
