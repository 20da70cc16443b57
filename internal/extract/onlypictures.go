package extract

import (
	"strings"
	"unicode"
)

// showing is what became known of a document while its parts were read, to say of one that shows nothing but pictures that it
// was not read, or that shows pictures of whole pages with a few words. A picture in a document with text is no finding: most have
// a logo.
type showing struct {
	words    int // of text, counted up to manyWords
	others   bool
	pictures bool
	first    int // of the pictures that were put aside
	art      int // pictures in drawings
	placed   placed
}

// fewWords is the most for each page that somebody adds to a scanned one: a caption, a number, the stamp of a machine.
const (
	fewWords  = 10
	manyWords = fewWords * maxPlaced
)

// add notes text, which may be empty.
func (s *showing) add(text string) { s.words += wordsIn(text, manyWords-s.words) }

// wordsIn counts the words of a text that have a letter or a digit, as far as most of them.
func wordsIn(text string, most int) int {
	n := 0
	for word := range strings.FieldsSeq(text) {
		if n >= most {
			break
		}
		if strings.ContainsFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			n++
		}
	}
	return n
}

// file notes a file in the document, which is a picture by its content or by what it is called. One that is none is read or
// reported by itself.
func (s *showing) file(low, ext, mime string, picture bool) {
	switch {
	case strings.HasPrefix(low, "docprops/") || strings.HasPrefix(low, "objectreplacements/"): // previews
	case picture || pictureNamed(ext) || strings.HasPrefix(mime, "image/"):
		s.pictures = true
	default:
		s.others = true
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

const (
	onlyPictures = "document without text that shows pictures"
	pagePictures = "document of pictures with a few words"
)

// onlyPictures reports a document without text, or with next to none beside pictures of whole pages, unless its pictures are read.
// Then it is the largest one that has to be legible.
func (w *walker) onlyPictures(f *leaf, shows *showing) {
	u := Unreadable{f.where, ImageOnly, onlyPictures}
	switch n := shows.placed.covering(); {
	case !shows.pictures:
		return
	case shows.words == 0 && !shows.others:
	case n > 0 && shows.words <= n*fewWords:
		u.Detail = pagePictures
	default:
		return
	}
	var largest *Picture
	for i := shows.first; i < len(w.out.Pictures); i++ {
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
