package config

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"sigill/internal/yamlfile"
)

// Scan is how much room reading and classifying a message gets.
type Scan struct {
	// Inline is the largest message that is judged while its sender's server waits; larger ones are stored first.
	Inline yamlfile.Size `yaml:"inline"`
	// Budget is how long the sender's server waits for a verdict, waiting for a free worker included.
	Budget yamlfile.Duration `yaml:"budget"`
	// AtOnce is the memory for messages that are read and judged at the same time, in the gateway's own process. A large one waits
	// for others to be done.
	AtOnce yamlfile.Size `yaml:"at_once"`
	// Workers is how many child processes open attachments; 0 means one for each processor.
	Workers int `yaml:"workers"`
	// Memory and Time are what one worker may use for one message before it ends. The policy may give it less time.
	Memory yamlfile.Size     `yaml:"memory"`
	Time   yamlfile.Duration `yaml:"time"`
	OCR    OCR               `yaml:"ocr"`
}

// OCR is whether, and within what room, the text in pictures is read.
type OCR struct {
	Enabled bool `yaml:"enabled"`
	// Program is tesseract, by its path or by its name in PATH.
	Program string `yaml:"program"`
	// Languages are those that text is expected in, by tesseract's own names. Each must be installed.
	Languages []string `yaml:"languages"`
	// Workers is how many pictures are read at the same time; 0 means half as many as there are processors.
	Workers int `yaml:"workers"`
	// Memory is what one worker, tesseract in it, may use for one picture before it ends.
	Memory yamlfile.Size `yaml:"memory"`
	// Pages is how many pictures and pages of one message are read, Time how long that may take in all.
	Pages int               `yaml:"pages"`
	Time  yamlfile.Duration `yaml:"time"`
	// MinPixels and MaxPixels say which pictures are read, by width times height.
	MinPixels int `yaml:"min_pixels"`
	MaxPixels int `yaml:"max_pixels"`
}

func defaultScan() Scan {
	return Scan{
		Inline: 32 << 20, Budget: yamlfile.Duration(10 * time.Second), AtOnce: 256 << 20, Memory: 1 << 30, Time: yamlfile.Duration(30 * time.Second),
		OCR: OCR{
			Program: "tesseract", Languages: []string{"swe", "nld", "eng"}, Memory: 1 << 30, Pages: 20, Time: yamlfile.Duration(2 * time.Minute),
			MinPixels: 10_000, MaxPixels: 40_000_000,
		},
	}
}

// language is a name that tesseract gives to what it can read, as swe, chi_sim or script/Latin.
var language = regexp.MustCompile(`^[A-Za-z0-9_]{1,30}(/[A-Za-z0-9_]{1,30})?$`)

func (s Scan) validate(c *checker) {
	c.size("scan.inline", s.Inline, 0, 1<<30)
	// The sender's server gets its answer within a minute of its last byte, the next hop's share of it included.
	c.between("scan.budget", s.Budget, yamlfile.Duration(time.Second), yamlfile.Duration(30*time.Second))
	c.size("scan.at_once", s.AtOnce, 16<<20, 64<<30)
	c.number("scan.workers", s.Workers, 0, 1024)
	c.size("scan.memory", s.Memory, 256<<20, 64<<30)
	c.between("scan.time", s.Time, yamlfile.Duration(time.Second), yamlfile.Duration(10*time.Minute))
	s.OCR.validate(c)
}

func (o OCR) validate(c *checker) {
	c.need("scan.ocr.program", o.Program, "tesseract, or the path of the program")
	if len(o.Languages) == 0 || len(o.Languages) > 8 {
		c.fault("scan.ocr.languages", "must be from 1 to 8 languages, such as [swe, eng], not %d", len(o.Languages))
	}
	for i, l := range o.Languages {
		key := fmt.Sprintf("scan.ocr.languages[%d]", i)
		switch {
		case !language.MatchString(l):
			c.fault(key, "%q is no language of tesseract, such as swe; each stands by itself", l)
		case l == "osd":
			c.fault(key, "osd is no language; which way a page is turned is found by itself")
		case slices.Contains(o.Languages[:i], l):
			c.fault(key, "%s is there twice", l)
		}
	}
	c.number("scan.ocr.workers", o.Workers, 0, 256)
	c.size("scan.ocr.memory", o.Memory, 256<<20, 64<<30)
	c.number("scan.ocr.pages", o.Pages, 1, 1000)
	c.between("scan.ocr.time", o.Time, yamlfile.Duration(time.Second), yamlfile.Duration(10*time.Minute))
	c.number("scan.ocr.min_pixels", o.MinPixels, 1, 10_000_000)
	c.number("scan.ocr.max_pixels", o.MaxPixels, 100_000, 200_000_000)
	if o.MinPixels > o.MaxPixels {
		c.fault("scan.ocr.min_pixels", "is more than max_pixels: no picture would be read")
	}
}
