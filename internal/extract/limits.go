package extract

import "time"

// Limits bound the work for one message. A zero field means the default of
// [DefaultLimits].
type Limits struct {
	Depth       int           // containers in containers: nested messages, embedded documents
	MIMEDepth   int           // multiparts in multiparts, counted anew in each nested message
	Parts       int           // body parts in all
	Files       int           // files in archives and documents, in all
	Text        int64         // bytes of extracted text in all
	Unpacked    int64         // bytes unpacked from archives and documents in all
	Spool       int64         // bytes of one attachment held in memory to be opened
	Ratio       int           // unpacked to packed size of one file
	HeaderBytes int           // one header block
	LineBytes   int           // one header field
	Time        time.Duration // for the whole message
	Pictures    Pictures      // that are put aside; none without more
}

// DefaultLimits returns the limits used unless the policy says otherwise.
func DefaultLimits() Limits {
	return Limits{
		Depth:       5,
		MIMEDepth:   10,
		Parts:       1000,
		Files:       1000,
		Text:        20 << 20,
		Unpacked:    256 << 20,
		Spool:       96 << 20,
		Ratio:       200,
		HeaderBytes: 1 << 20,
		LineBytes:   256 << 10,
		Time:        10 * time.Second,
	}
}

// Filled returns l with defaults in place of what is not set.
func (l Limits) Filled() Limits {
	d := DefaultLimits()
	set(&l.Depth, d.Depth)
	set(&l.MIMEDepth, d.MIMEDepth)
	set(&l.Parts, d.Parts)
	set(&l.Files, d.Files)
	set(&l.Text, d.Text)
	set(&l.Unpacked, d.Unpacked)
	set(&l.Spool, d.Spool)
	set(&l.Ratio, d.Ratio)
	set(&l.HeaderBytes, d.HeaderBytes)
	set(&l.LineBytes, d.LineBytes)
	set(&l.Time, d.Time)
	return l
}

func set[T int | int64 | time.Duration](v *T, def T) {
	if *v <= 0 {
		*v = def
	}
}
