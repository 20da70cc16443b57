package extract

import "bytes"

// outlook makes the lines of a document as Outlook has them, where it takes other parts than the rest of the world: comments with
// a condition are shown, and what stands between such comments under the opposite one is not.
type outlook struct {
	asDrawn
	text    *flow // as everybody else has it
	without bool  // what follows is not for Outlook
	differs bool  // on the present line it has something else
}

func (o *outlook) border(c cast, inside bool) { o.asDrawn.border(c, inside, o.text) }

func (o *outlook) blanks(s []byte, inside bool) {
	if !o.without || inside {
		o.asDrawn.blanks(s)
	}
}

// take takes text before it is added to the text of everybody else, and returns the line that ended before it.
func (o *outlook) take(s []byte, pre, inside, dim bool) (done string) {
	if dim && (inside || !o.open) {
		return ""
	}
	one, ended := o.settle(o.text)
	if ended && o.differs {
		done, o.differs = one, false
	}
	if !inside && !o.without {
		o.add(s, pre)
		return done
	}
	o.differs = true
	o.omit(o.text, ended)
	if inside {
		o.line.add(s, pre)
	}
	return done
}

// last returns the line that ends with the document.
func (o *outlook) last() string {
	if s := o.end(o.text); o.differs {
		return s
	}
	return ""
}

// conditional notes what a comment means to Outlook. It says whether it is one whose inside only Outlook shows, which is rest.
func (w *htmlWalker) conditional(b []byte, live bool) (shown bool, rest []byte) {
	head := bytes.TrimLeft(b[:min(len(b), maxCondition)], " \t\r\n")
	switch {
	case live || w.inComment:
		return false, b
	case bytes.HasPrefix(bytes.TrimLeft(head, "<!"), []byte("[endif]")):
		w.outlook.without = false
		return false, b
	case len(head) < 4 || !bytes.EqualFold(head[:3], []byte("[if")):
		return false, b
	}
	i := bytes.IndexByte(head, ']')
	if i < 0 {
		return false, b
	}
	condition := bytes.ToLower(head[3:i])
	rest = bytes.TrimLeft(b, " \t\r\n")[i+1:]
	rest = bytes.TrimPrefix(rest, []byte(">"))
	if inner := bytes.Trim(rest, " \t\r\n<!-"); len(inner) == 0 { // what follows is shown to others
		not := bytes.IndexByte(condition, '!') >= 0 && (bytes.Contains(condition, []byte("mso")) || bytes.Contains(condition, []byte("vml")))
		w.outlook.without = w.outlook.without || not
		return false, b
	}
	return true, rest
}

// maxCondition bounds the condition of a comment.
const maxCondition = 200
