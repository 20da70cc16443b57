package relay

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"sigill/internal/message"
)

// window is how many commands go out before their replies are read. The replies of so
// many fit into the buffers below us, so that neither side waits for the other for ever
// (RFC 2920 3.1).
const window = 64

// transaction is one try of one message over one connection.
type transaction struct {
	s     *Sender
	c     *conn
	m     *Mail
	utf8  bool      // SMTPUTF8 is asked for
	out   []Outcome // by recipient of the mail
	to    []int     // the recipients that are tried
	heard bool      // a reply of this transaction was read
	open  bool      // the hop took MAIL
	taken int       // recipients that the hop took
	ready bool      // the hop waits for the message
	stage Stage
}

func (s *Sender) begin(c *conn, m *Mail) *transaction {
	c.mails++
	return &transaction{s: s, c: c, m: m, out: make([]Outcome, len(m.To)), stage: StageMail}
}

// admit sorts out what this hop cannot take, before a word is said. It returns an error
// when our own message cannot be read.
func (t *transaction) admit() error {
	caps := &t.c.caps
	switch {
	case t.m.RequireTLS && !caps.Verified:
		t.all(local(Temporary, 451, "4.7.10", "The next server has no safe connection, and this message needs one", StageTLS))
		return nil
	case caps.Size > 0 && t.m.size() > caps.Size:
		t.all(local(Permanent, 552, "5.3.4", "The message is larger than the next server takes", StageMail))
		return nil
	}
	noUTF8 := local(Permanent, 553, "5.6.7", "The next server takes no international addresses", StageMail)
	t.utf8 = t.m.UTF8 || t.m.From.NeedsUTF8()
	whole := t.m.From.NeedsUTF8()
	if t.m.UTF8 && !caps.UTF8 && !whole {
		var err error
		if whole, err = header8bit(t.m.Body); err != nil {
			return fmt.Errorf("read message: %w", err)
		}
	}
	for i := range t.m.To {
		needs := t.m.To[i].Address.NeedsUTF8()
		t.utf8 = t.utf8 || needs
		if !caps.UTF8 && (needs || whole) {
			t.out[i] = noUTF8
			continue
		}
		t.to = append(t.to, i)
	}
	t.utf8 = t.utf8 && caps.UTF8
	return nil
}

// all gives every recipient that has no outcome of its own yet the same one.
func (t *transaction) all(o Outcome) {
	for i := range t.out {
		if t.out[i].Code == 0 || t.out[i].Class == Accepted {
			t.out[i] = o
		}
	}
}

// lost gives what is undecided the outcome of a broken way.
func (t *transaction) lost(err error) *Error {
	e := &Error{Hop: t.s.o.Hop.Addr, Stage: t.stage, Err: err}
	t.all(e.outcome())
	return e
}

// envelope says MAIL and RCPT, and DATA with it if withData; the hop may then be ready
// for the message. The error is one of the connection.
func (t *transaction) envelope(withData bool) error {
	n := 1 + len(t.to)
	if withData {
		n++
	}
	step := 1
	if t.c.caps.Pipelining {
		step = window
	}
	for i := 0; i < n; {
		if step == 1 && i > len(t.to) && t.taken == 0 {
			return nil // nobody is left to send it to
		}
		end := min(n, i+step)
		for k := i; k < end; k++ {
			t.command(k)
		}
		if err := t.c.flush(t.s.o.CommandTimeout); err != nil {
			return err
		}
		for ; i < end; i++ {
			if err := t.answer(i); err != nil || t.c.broken {
				return err
			}
		}
		if !t.open {
			return nil
		}
	}
	return nil
}

// data says DATA alone, after envelope(false).
func (t *transaction) data() error {
	t.command(1 + len(t.to))
	if err := t.c.flush(t.s.o.CommandTimeout); err != nil {
		return err
	}
	return t.answer(1 + len(t.to))
}

func (t *transaction) command(k int) {
	w := t.c.w
	switch {
	case k == 0:
		t.writeMail()
	case k <= len(t.to):
		t.writeRcpt(&t.m.To[t.to[k-1]])
	default:
		_, _ = w.WriteString("DATA")
	}
	_, _ = w.WriteString("\r\n")
}

func (t *transaction) writeMail() {
	w, caps := t.c.w, &t.c.caps
	_, _ = w.WriteString("MAIL FROM:<" + t.m.From.String() + ">")
	if caps.sizes {
		_, _ = w.WriteString(" SIZE=" + strconv.FormatInt(t.m.size(), 10))
	}
	if caps.EightBit && (t.m.EightBit || t.utf8) {
		_, _ = w.WriteString(" BODY=8BITMIME")
	}
	if t.utf8 {
		_, _ = w.WriteString(" SMTPUTF8")
	}
	if !caps.DSN {
		return
	}
	if t.m.Return == "FULL" || t.m.Return == "HDRS" {
		_, _ = w.WriteString(" RET=" + t.m.Return)
	}
	if t.m.EnvID != "" {
		_, _ = w.WriteString(" ENVID=" + xtext(t.m.EnvID))
	}
}

func (t *transaction) writeRcpt(to *message.RcptTo) {
	w := t.c.w
	_, _ = w.WriteString("RCPT TO:<" + to.Address.String() + ">")
	if !t.c.caps.DSN {
		return
	}
	if n := notify(to.Notify); n != "" {
		_, _ = w.WriteString(" NOTIFY=" + n)
	}
	if oneWord(to.Orig) {
		_, _ = w.WriteString(" ORCPT=" + to.Orig)
	}
}

// notify writes the value of NOTIFY (RFC 3461 4.1), "" for the default.
func notify(n message.Notify) string {
	if n&message.NotifyNever != 0 {
		return "NEVER"
	}
	var words []string
	for _, w := range []struct {
		bit  message.Notify
		name string
	}{{message.NotifySuccess, "SUCCESS"}, {message.NotifyFailure, "FAILURE"}, {message.NotifyDelay, "DELAY"}} {
		if n&w.bit != 0 {
			words = append(words, w.name)
		}
	}
	return strings.Join(words, ",")
}

// xtext encodes a parameter's value (RFC 3461 4).
func xtext(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < '!' || c > '~' || c == '+' || c == '=' {
			fmt.Fprintf(&b, "+%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// oneWord guards the command line: what a client gave must not end or split it.
func oneWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c == 0x7f })
}

// answer reads the reply to command k.
func (t *transaction) answer(k int) error {
	switch {
	case k == 0:
		t.stage = StageMail
	case k <= len(t.to):
		t.stage = StageRcpt
	default:
		t.stage = StageData
	}
	r, err := t.c.read(t.s.o.CommandTimeout)
	if err != nil {
		return t.c.fail(err)
	}
	t.heard = t.heard || !r.closing()
	if r.closing() {
		t.all(r.outcome(t.stage))
		return nil
	}
	switch t.stage {
	case StageMail:
		return t.answerMail(r)
	case StageRcpt:
		return t.answerRcpt(t.to[k-1], r)
	}
	return t.answerData(r)
}

func (t *transaction) answerMail(r reply) error {
	if r.intermediate() {
		return t.c.fail(errGarbled)
	}
	t.open = r.positive()
	if !t.open {
		t.all(r.outcome(StageMail))
	}
	return nil
}

func (t *transaction) answerRcpt(i int, r reply) error {
	switch {
	case r.intermediate():
		return t.c.fail(errGarbled)
	case !t.open: // MAIL was refused, and this is only its echo
	case r.positive():
		t.taken++
		t.out[i] = r.outcome(StageRcpt)
	default:
		t.out[i] = r.outcome(StageRcpt)
	}
	return nil
}

func (t *transaction) answerData(r reply) error {
	switch {
	case r.positive():
		return t.c.fail(errGarbled)
	case r.intermediate() && t.taken == 0:
		// It waits for a message to nobody. Even an empty one would be one (RFC 2920 3.1).
		t.c.broken = true
	case r.intermediate():
		t.ready = true
	case t.taken > 0:
		t.all(r.outcome(StageData))
	}
	return nil
}

// bodyError wraps what went wrong with our own message, as against the connection.
type bodyError struct{ err error }

func (e *bodyError) Error() string { return e.err.Error() }
func (e *bodyError) Unwrap() error { return e.err }

// transfer sends the message and the final dot. An error means that the dot was not sent:
// a [bodyError], or one of the connection; refused says that the hop gave a reply before
// it was lost, which has been noted.
func (t *transaction) transfer() (refused bool, err error) {
	t.stage = StageBody
	block, _ := t.s.blocks.Get().(*[]byte)
	defer t.s.blocks.Put(block)
	w := newStuffer(t.c, t.s.o.DataTimeout)
	err = w.message(t.m, *block)
	if err == nil {
		err = w.finish()
	}
	if err == nil {
		t.stage = StageFinal
		return false, nil
	}
	// Half a message must never look like a whole one: no dot, no QUIT.
	t.c.broken = true
	if w.err == nil {
		return false, &bodyError{err}
	}
	if r, rerr := t.c.read(t.s.o.DialTimeout); rerr == nil && r.code >= 400 {
		t.all(r.outcome(StageBody))
		return true, nil
	}
	return false, w.err
}

// dead says that a warm connection turned out to be given up by the hop before it said
// anything about this message: cut, or 421 as its first word. A fresh one may then be
// tried at once.
func (t *transaction) dead(err error) bool {
	return t.c.reused && !t.heard && t.c.broken && !errors.Is(err, errGarbled)
}
