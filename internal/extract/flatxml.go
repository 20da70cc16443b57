package extract

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"path"
	"strconv"
	"strings"
)

// vocabulary is what the text of an XML file is read as.
type vocabulary uint8

const (
	anyXML  vocabulary = iota
	wordXML            // Word 2003 XML; any document of Office in one file (flat OPC)
	odfXML             // OpenDocument in one file, ODF 1.3 part 3, 2.2
	svgXML
)

// vocabularyOf tells by the namespaces, which stand at the top: what else has them is read no worse for it.
func vocabularyOf(text string) vocabulary {
	head := text[:min(len(text), 16<<10)]
	switch {
	case strings.Contains(head, "http://schemas.microsoft.com/office/2006/xmlPackage"), strings.Contains(head, "http://schemas.microsoft.com/office/word/2003/wordml"):
		return wordXML
	case strings.Contains(head, "urn:oasis:names:tc:opendocument:xmlns:office:1.0"):
		return odfXML
	case strings.Contains(head, "http://www.w3.org/2000/svg"):
		return svgXML
	}
	return anyXML
}

// flatXML hands the tokens of XML to two readers, but keeps files that are written into it from both.
type flatXML struct {
	*genericXML
	text  xmlHandler // of the vocabulary, or nil
	files []flatFile
	part  string // that the present element belongs to
	in    bool   // a file
	taken int64
	limit int64
	shows showing
}

type flatFile struct {
	name string
	data []byte // in base64
}

func binaryElement(name string) bool {
	return name == "binaryData" || name == "binary-data" || name == "binData"
}

func (x *flatXML) start(name string, attrs []xml.Attr) {
	switch {
	case name == "part":
		x.part = attr(attrs, "name")
	case binaryElement(name) && x.taken <= x.limit:
		f := flatFile{name: x.part}
		if s := attr(attrs, "name"); s != "" {
			f.name = s
		}
		x.in = true
		x.files = append(x.files, f)
	}
	x.genericXML.start(name, attrs)
	if x.text != nil {
		x.text.start(name, attrs)
	}
}

func (x *flatXML) end(name string) {
	x.in = x.in && !binaryElement(name)
	x.genericXML.end(name)
	if x.text != nil {
		x.text.end(name)
	}
}

func (x *flatXML) chars(b []byte) {
	if x.in {
		if x.taken += int64(len(b)); x.taken <= x.limit {
			f := &x.files[len(x.files)-1]
			f.data = append(f.data, b...)
		}
		return
	}
	x.genericXML.chars(b)
	if x.text != nil {
		x.text.chars(b)
	}
}

// flatFiles reads the files written into XML.
func (w *walker) flatFiles(f *leaf, x *flatXML) {
	if x.taken > x.limit {
		w.full(f.where)
	}
	for i := range x.files {
		b, err := base64.RawStdEncoding.DecodeString(blankTaker.Replace(string(x.files[i].data)))
		switch {
		case err != nil:
			w.unreadable(f.where, Corrupt, "damaged file inside XML")
			continue
		case len(b) == 0:
			continue
		case w.plain:
			w.needs = true
			return
		case !w.entry(f):
			return
		}
		name := path.Base(x.files[i].name)
		if x.files[i].name == "" {
			name = "data" + strconv.Itoa(i+1)
		}
		u := &unpacker{w: w, where: f.where, r: bytes.NewReader(b), ratio: &ratio{packed: int64(len(b))}}
		if w.file(f, name, u, true) {
			x.shows.pictures = true
		} else {
			x.shows.others = true
		}
	}
	w.onlyPictures(f, &x.shows)
}
