package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"time"

	"sigill/internal/extract"
	"sigill/internal/extract/ocr"
)

// OCR says how the text in pictures is read.
type OCR struct {
	Program  ocr.Program
	Workers  int              // pictures read at the same time; default: half the number of processors, at least 1
	Memory   int64            // bytes of data that a child may hold, and tesseract in it; default 1 GB
	Time     time.Duration    // for all pictures of one message, without the wait for a free child; default 2 minutes
	Pictures extract.Pictures // which are read
}

// Bounds of the packed pictures that wait in memory: of one message, and of all.
const (
	maxPacked = 64 << 20
	maxHeld   = 256 << 20
)

func (o OCR) filled() OCR {
	if o.Workers <= 0 {
		o.Workers = max(1, runtime.GOMAXPROCS(0)/2)
	}
	if o.Memory <= 0 {
		o.Memory = defaultMemory
	}
	if o.Time <= 0 {
		o.Time = 2 * time.Minute
	}
	if o.Pictures.Bytes <= 0 {
		o.Pictures.Bytes = maxPacked
	}
	return o
}

// PictureStats are counts of pictures since the pool began, by what became of them.
type PictureStats struct {
	Read   int64 // text was found
	Empty  int64 // none that counts as read
	Failed int64 // two children failed at it
	Late   int64 // the time of the message was over
	Busy   int64 // no child was free
}

// readers is a crew whose children read pictures: they alone may start a program, and that is tesseract. None of them ever
// sees what a sender wrote, only pixels.
type readers struct {
	*crew
	room   extract.Pictures
	time   time.Duration
	held   atomic.Int64 // bytes of the pictures that wait or are read, packed
	counts struct{ read, empty, failed, late atomic.Int64 }
}

// newReaders starts the children, and has one read an empty picture: if the program cannot work confined as it is, that is to
// be known now.
func newReaders(opt Options) (*readers, error) {
	o := opt.OCR.filled()
	opt.Workers, opt.Memory, opt.Cache, opt.Log = o.Workers, o.Memory, "", opt.Log.With("reads", "pictures")
	r := &readers{crew: newCrew(opt, setup{Memory: o.Memory, Reads: &o.Program}), room: o.Pictures, time: o.Time}
	close(r.filled) // there is no cache
	if err := r.fillUp(); err != nil {
		r.shut()
		return nil, err
	}
	blank := ocr.Blank()
	c := <-r.idle
	a, err := c.read(&blank, firstTime, r.opt.Grace)
	if err == nil && a.Failed != "" {
		err = fmt.Errorf("%s: %s", o.Program.Path, a.Failed)
	}
	if err != nil {
		c.kill()
		r.shut()
		return nil, err
	}
	r.idle <- c
	return r, nil
}

// firstTime is how long the first picture may take, on a machine that is busy with starting.
const firstTime = 30 * time.Second

func (r *readers) tell() PictureStats {
	if r == nil {
		return PictureStats{}
	}
	n := &r.counts
	return PictureStats{n.read.Load(), n.empty.Load(), n.failed.Load(), n.late.Load(), r.stats.busy.Load()}
}

// readAll reads the pictures of a message, one after the other: a child is taken for one picture at a time, so that a
// message with many does not keep others waiting for longer. The error is one of the gateway: ErrBusy, ErrUnhealthy, ErrClosed, or of ctx.
func (r *readers) readAll(ctx context.Context, c *extract.Content, lim extract.Limits) error {
	pictures := c.Pictures
	c.Pictures = nil
	if r == nil {
		return nil
	}
	size := int64(0)
	for i := range pictures {
		size += int64(len(pictures[i].Image.Pixels))
	}
	defer r.held.Add(-size)
	if r.held.Add(size) > maxHeld {
		r.stats.busy.Add(1)
		return fmt.Errorf("%w: pictures", ErrBusy)
	}
	left := r.time
	for i := range pictures {
		p := &pictures[i]
		if len(p.Image.Pixels) == 0 {
			r.counts.late.Add(1)
			c.Report(p.Otherwise)
			continue
		}
		got, err := r.one(ctx, p, &left)
		if err != nil {
			return err
		}
		switch {
		case got.Late:
			r.counts.late.Add(1)
			c.Report(p.NotInTime())
		case got.Failed != "":
			r.counts.failed.Add(1)
			c.Report(p.NotRead())
		case got.Legible():
			r.counts.read.Add(1)
			c.ReadPicture(p, got.Text, true, lim)
		default:
			r.counts.empty.Add(1)
			c.ReadPicture(p, got.Text, false, lim)
		}
		p.Image.Pixels = nil
	}
	return nil
}

// one reads a picture, if anything is left of the time, of which it takes what reading takes. A picture at which two children fail, or that takes half of
// a message's time twice, counts against the health of the gateway; one that comes too late does not.
func (r *readers) one(ctx context.Context, p *extract.Picture, left *time.Duration) (picture, error) {
	late := picture{Late: true}
	if *left <= 0 {
		return late, nil
	}
	var got picture
	done, err := r.tryTwice(ctx, func(c *child) (bool, error) {
		d := min(*left, r.time/2)
		if d <= 0 {
			got = late
			return true, nil
		}
		begin := time.Now()
		a, err := c.read(&p.Image, d, r.opt.Grace)
		*left -= time.Since(begin)
		got = a
		switch {
		case err != nil:
			return false, err
		case a.Late && d < r.time/2: // the others took the time
			return true, nil
		case a.Late, a.Failed != "":
			return false, fmt.Errorf("%w: a picture was not read", errChild)
		}
		return true, nil
	})
	if err != nil {
		return late, err
	}
	if !done && !got.Late && got.Failed == "" {
		got.Failed = "the reader died"
	}
	if r.share.add(!done) && !done {
		return got, fmt.Errorf("%w: pictures", ErrUnhealthy)
	}
	return got, nil
}

// job is what a child is told of a picture; its pixels follow.
type job struct {
	Width, Height int
	Time          time.Duration
}

// picture is what a child answers.
type picture struct {
	ocr.Result
	Late   bool
	Failed string // fixed wording
}

// maxPicture bounds the answer of a child: JSON may write a byte of text as six.
const maxPicture = 8 << 20

// read has the child read a picture. A child that failed must not be used again.
func (c *child) read(p *ocr.Picture, d, grace time.Duration) (picture, error) {
	t := time.AfterFunc(d+grace, c.interrupt)
	defer t.Stop()
	c.uses++
	b, err := json.Marshal(job{p.Width, p.Height, d})
	if err != nil {
		return picture{}, fmt.Errorf("write picture: %w", err)
	}
	if err := c.write(framePicture, b); err != nil {
		return picture{}, err
	}
	for at := 0; at < len(p.Pixels); at += dataSize {
		if err := c.write(frameData, p.Pixels[at:min(at+dataSize, len(p.Pixels))]); err != nil {
			return picture{}, err
		}
	}
	if err := c.write(frameEnd, nil); err != nil {
		return picture{}, err
	}
	b, err = readFrame(c.out, frameAnswer, maxPicture)
	if err != nil {
		return picture{}, fmt.Errorf("%w: %w", errChild, err)
	}
	var a picture
	if err := json.Unmarshal(b, &a); err != nil {
		return picture{}, fmt.Errorf("%w: answer is not understood", errChild)
	}
	return a, nil
}

// answerPicture is the child's side of read.
func answerPicture(program *ocr.Program, r io.Reader, out io.Writer) error {
	b, err := readFrame(r, framePicture, maxLimits)
	if err != nil {
		return err
	}
	var j job
	if err := json.Unmarshal(b, &j); err != nil {
		return fmt.Errorf("read picture: %w", err)
	}
	// All of it first: the parent waits for nothing but the answer.
	packed, err := io.ReadAll(&frameReader{r: r})
	if err != nil {
		return fmt.Errorf("read picture: %w", err)
	}
	limitProcessor(j.Time)
	ctx, cancel := context.WithTimeout(context.Background(), j.Time)
	defer cancel()
	reply, err := json.Marshal(readOne(ctx, program, j, packed))
	if err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	return writeFrame(out, frameAnswer, reply)
}

func readOne(ctx context.Context, program *ocr.Program, j job, packed []byte) picture {
	got, err := program.Read(ctx, j.Width, j.Height, bytes.NewReader(packed))
	switch {
	case ctx.Err() != nil:
		return picture{Late: true}
	case err != nil:
		return picture{Failed: "the program does not work here"}
	}
	return picture{Result: *got}
}
