package extract

import (
	"strings"
	"unicode"
)

// showing is what became known of a document while its parts were read, to say of one that shows nothing but pictures that it
// was not read. A picture in a document with text is no finding: most have a logo.
type showing struct {
	text     bool
	pictures bool
	first    int // of the pictures that were put aside
}

// add notes text, which may be empty.
func (s *showing) add(text string) {
	s.text = s.text || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) })
}

// file notes a file in the document, which is a picture by its content or by what it is called. One that is none is read or
// reported by itself.
func (s *showing) file(low, ext, mime string, picture bool) {
	switch {
	case strings.HasPrefix(low, "docprops/") || strings.HasPrefix(low, "objectreplacements/"): // previews
	case picture || pictureNamed(ext) || strings.HasPrefix(mime, "image/"):
		s.pictures = true
	default:
		s.text = true
	}
}

func pictureNamed(ext string) bool {
	return ext == "svg" || family(ext) == asMedia || ext == "jp2" || ext == "emz" || ext == "wmz"
}

// template says whether a part holds what the author of a template wrote: every presentation has some.
func template(low string) bool {
	for _, folder := range []string{"slidemasters/", "slidelayouts/", "notesmasters/", "handoutmasters/"} {
		if strings.HasPrefix(low, "ppt/"+folder) {
			return true
		}
	}
	return false
}

const onlyPictures = "document without text that shows pictures"

// onlyPictures reports a document without text, unless its pictures are read. Then it is the largest one that has to be legible.
func (w *walker) onlyPictures(a *archive) {
	if a.shows.text || !a.shows.pictures {
		return
	}
	u := Unreadable{a.f.where, ImageOnly, onlyPictures}
	var largest *Picture
	for i := a.shows.first; i < len(w.out.Pictures); i++ {
		p := &w.out.Pictures[i]
		if largest == nil || p.Image.Width*p.Image.Height > largest.Image.Width*largest.Image.Height {
			largest = p
		}
	}
	switch {
	case largest == nil:
		w.say(u)
	case largest.Otherwise.Reason == "" || largest.Otherwise.Reason == UnreadPicture:
		largest.Otherwise = u
	}
}
