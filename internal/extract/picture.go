package extract

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"image"
	"strconv"
	"strings"
	"time"

	"sigill/internal/extract/ocr"
)

// Pictures says which pictures are put aside, to be read by whoever can. Without Count none are, and a picture is only what it
// is named: nothing to read.
type Pictures struct {
	Count       int   // for each message; pages of documents count as pictures
	LeastPixels int   // width times height; what is smaller is passed over, as logos are
	MostPixels  int   // width times height; it is asked for before a picture is decoded
	Bytes       int64 // of all that are put aside, packed
}

// Picture is one that was put aside.
type Picture struct {
	Where      string      // of the text in it
	Attachment int         // index into Attachments, or -1
	Otherwise  Unreadable  // what is to be said if it is not read; without a Reason nothing, as for a picture in a letter
	Image      ocr.Picture // no Pixels: it cannot be read, and Otherwise says why
}

// Wordings of what is said of pictures.
const (
	notDecoded    = "picture that cannot be decoded"
	notRead       = "picture that could not be read"
	notInTime     = "pictures not read in time"
	manyPictures  = "more pictures than the limit"
	manyPixels    = "picture with more pixels than the limit"
	largePictures = "larger pictures than the limit"
)

// NotRead says of a picture that it could not be read, whatever stands in it.
func (p *Picture) NotRead() Unreadable {
	return Unreadable{Where: strings.TrimSuffix(p.Where, inPicture), Reason: ImageOnly, Detail: notRead}
}

// NotInTime says of a picture that there was no time left to read it.
func (p *Picture) NotInTime() Unreadable {
	return Unreadable{Where: strings.TrimSuffix(p.Where, inPicture), Reason: Timeout, Detail: notInTime}
}

// inPicture ends the address of what was read in a picture.
const inPicture = "!ocr"

// ReadPicture adds to the content what was read in one of its pictures: text, and what is to be said of it if the picture does
// not count as read. Lim are the limits that the content was found with.
func (c *Content) ReadPicture(p *Picture, text string, legible bool, lim Limits) {
	w := walker{lim: lim.Filled(), out: c, told: map[Reason]int{}}
	w.text = w.lim.Text
	for i := range c.Segments {
		w.text -= int64(len(c.Segments[i].Text))
	}
	for _, u := range c.Unreadable {
		w.told[u.Reason]++
	}
	w.segment(p.Where, AttachmentText, p.Attachment, text)
	if !legible && p.Otherwise.Reason != "" {
		w.unreadable(p.Otherwise.Where, p.Otherwise.Reason, p.Otherwise.Detail)
	}
}

// Report adds what could not be read, once.
func (c *Content) Report(u Unreadable) {
	w := walker{out: c, told: map[Reason]int{}}
	for _, old := range c.Unreadable {
		w.told[old.Reason]++
	}
	w.unreadable(u.Where, u.Reason, u.Detail)
}

// aside is what a walker knows of the pictures that it put aside.
type aside struct {
	until time.Time // when no more are drawn or decoded
	met   map[[sha256.Size]byte]bool
	bytes int64
	full  bool // the limit was reported
}

func newAside(lim Limits) aside {
	return aside{until: time.Now().Add(lim.Time / 2), met: map[[sha256.Size]byte]bool{}}
}

// pictured is the format of a file whose pictures are put aside; "" for all others.
func (w *walker) pictured(f *leaf) ocr.Format {
	if w.lim.Pictures.Count <= 0 || f.found.class != asMedia && f.found.class != asOther {
		return ""
	}
	return ocr.Sniff(f.head)
}

// pictureFile reads the rest of a part that is a picture.
func (w *walker) pictureFile(l *lines, f *leaf, format ocr.Format) {
	if w.plain {
		w.abandon(l)
		return
	}
	var x intruder
	sp := &spool{max: w.lim.Spool}
	w.size(f, w.each(l, f, func(b []byte) {
		_, _ = x.Write(b)
		sp.write(b)
	}))
	w.damaged(f)
	w.intrude(f, &x)
	if sp.over {
		w.unreadable(f.where, TooLarge, "attachment larger than the limit")
		return
	}
	w.pictures(f, format, sp.bytes(), false)
}

// pictures puts the pictures of a file aside. quiet says that one without text is no finding, as in a document.
func (w *walker) pictures(f *leaf, format ocr.Format, b []byte, quiet bool) {
	n, more := ocr.Pages(b, format)
	for i := range n {
		if w.expired() || w.crowded(f) {
			return
		}
		p, err := ocr.Decode(b, format, i, ocr.Limits{Least: w.lim.Pictures.LeastPixels, Most: w.lim.Pictures.MostPixels})
		where := f.where
		if n > 1 {
			where += "!page[" + strconv.Itoa(i+1) + "]"
		}
		var nothing Unreadable
		if !quiet {
			nothing = Unreadable{f.where, UnreadPicture, "picture without text that can be read: " + f.found.mime}
		}
		switch {
		case errors.Is(err, ocr.ErrSmall):
			w.say(nothing)
		case errors.Is(err, ocr.ErrLarge):
			w.unreadable(f.where, TooLarge, manyPixels)
		case err != nil:
			w.unreadable(f.where, ImageOnly, notDecoded)
		default:
			w.putAside(Picture{Where: where + inPicture, Attachment: f.att, Otherwise: nothing, Image: *p})
		}
		if more { // only the first one is looked at
			w.say(nothing)
		}
	}
}

// say reports what is to be said, if anything.
func (w *walker) say(u Unreadable) {
	if u.Reason != "" {
		w.unreadable(u.Where, u.Reason, u.Detail)
	}
}

// crowded says, once reported, whether no more pictures can be put aside. Half of a message's time is for them at the most:
// one with many must end with its text read, and by its own limit rather than as one that scanners fail at.
func (w *walker) crowded(f *leaf) bool {
	switch {
	case len(w.out.Pictures) >= w.lim.Pictures.Count:
		w.unreadable(f.where, TooMany, manyPictures)
	case w.aside.bytes >= w.lim.Pictures.Bytes:
		w.unreadable(f.where, TooLarge, largePictures)
	case time.Now().After(w.aside.until):
		if !w.aside.full {
			w.aside.full = true
			p := Picture{Where: f.where, Attachment: f.att}
			p.Otherwise = p.NotInTime()
			w.out.Pictures = append(w.out.Pictures, p)
		}
	default:
		return false
	}
	return true
}

// putAside keeps a picture to be read, unless the same one was met before.
func (w *walker) putAside(p Picture) {
	h := sha256.New()
	_, _ = h.Write([]byte(strconv.Itoa(p.Image.Width) + "x"))
	_, _ = h.Write(p.Image.Pixels)
	key := [sha256.Size]byte(h.Sum(nil))
	if w.aside.met[key] {
		return
	}
	w.aside.met[key] = true
	w.aside.bytes += int64(len(p.Image.Pixels))
	w.out.Pictures = append(w.out.Pictures, p)
}

// drawnPage puts a page aside that shows pictures, of which u is to be said if it is not read; false if it cannot be, for whatever
// reason, which was reported unless it is that none are.
func (w *walker) drawnPage(f *leaf, where string, u Unreadable, draw func(mostPixels int) (*image.Gray, error)) bool {
	if w.lim.Pictures.Count <= 0 {
		return false
	}
	if w.crowded(f) {
		return true
	}
	g, err := draw(w.lim.Pictures.MostPixels)
	if err != nil {
		return false
	}
	w.putAside(Picture{Where: where + inPicture, Attachment: f.att, Image: *ocr.FromGray(g), Otherwise: u})
	return true
}

// fileOfPicture reads a picture that lies in a container.
func (w *walker) fileOfPicture(f *leaf, format ocr.Format, u *unpacker, err error, quiet bool) {
	w.pictures(f, format, append(bytes.Clone(f.head), w.rest(u, err, w.lim.Spool)...), quiet)
}
