package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/config"
	"sigill/internal/extract"
	"sigill/internal/extract/ocr"
	"sigill/internal/sandbox"
)

// OCR makes what a pool of scanners needs to read pictures; nil where they are not read. The error says what is missing on
// this machine.
func OCR(ctx context.Context, c config.OCR) (*sandbox.OCR, error) {
	if !c.Enabled {
		return nil, nil
	}
	p, err := ocr.Find(ctx, c.Program, c.Languages)
	if err != nil {
		return nil, fmt.Errorf("read pictures: %w", err)
	}
	return &sandbox.OCR{
		Program: p, Workers: c.Workers, Memory: int64(c.Memory), Time: time.Duration(c.Time),
		Pictures: extract.Pictures{Count: c.Pages, LeastPixels: c.MinPixels, MostPixels: c.MaxPixels},
	}, nil
}

// pictures asks tesseract for what it has, where pictures are read.
func (d *doctor) pictures(ctx context.Context) {
	c := d.cfg.Scan.OCR
	if !c.Enabled {
		return
	}
	p, err := ocr.Find(ctx, c.Program, c.Languages)
	d.say("pictures", err, fmt.Sprintf("tesseract %s reads them, in %s", p.Version, strings.Join(p.Languages, ", ")))
	if err == nil && !p.Turns {
		d.warn("pictures", "tesseract cannot tell which way a page is turned; on Debian, install tesseract-ocr-osd")
	}
}

// watchPictures makes the counts of pictures metrics.
func (a *App) watchPictures() {
	for outcome, of := range map[string]func(sandbox.PictureStats) int64{
		"read":   func(s sandbox.PictureStats) int64 { return s.Read },
		"empty":  func(s sandbox.PictureStats) int64 { return s.Empty },
		"failed": func(s sandbox.PictureStats) int64 { return s.Failed },
		"late":   func(s sandbox.PictureStats) int64 { return s.Late },
		"busy":   func(s sandbox.PictureStats) int64 { return s.Busy },
	} {
		a.metrics.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "sigill_scan_pictures_total", ConstLabels: prometheus.Labels{"outcome": outcome},
			Help: "Pictures by what became of them: text was found (read), none that counts (empty), the reader failed twice (failed), the time of the message was over (late), no reader was free (busy).",
		}, func() float64 { return float64(of(a.pool.Stats().Pictures)) }))
	}
}
