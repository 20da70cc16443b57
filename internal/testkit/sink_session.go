package testkit

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

var (
	past  = time.Unix(1, 0)
	never = time.Time{}
)

// errCut ends a session without a word.
var errCut = errors.New("cut")

// session is one connection of a client to a [Sink].
type session struct {
	s    *Sink
	nc   net.Conn
	r    *bufio.Reader
	w    *bufio.Writer
	mail Mail // the transaction under way
	open bool // MAIL was taken
}

func (s *Sink) talk(nc net.Conn, id int) {
	c := &session{s: s, nc: nc, mail: Mail{Conn: id}}
	if s.opt.Implicit {
		if c.handshake() != nil {
			return
		}
	} else {
		c.use(nc)
	}
	if c.say("banner", "", "220 sink.test ESMTP") != nil {
		return
	}
	for {
		if c.r.Buffered() == 0 && c.w.Flush() != nil {
			return
		}
		line, err := c.r.ReadString('\n')
		if err != nil {
			return
		}
		if c.command(strings.TrimRight(line, "\r\n")) != nil {
			_ = c.w.Flush()
			return
		}
	}
}

func (c *session) use(nc net.Conn) {
	c.nc = nc
	c.r, c.w = bufio.NewReaderSize(nc, 64<<10), bufio.NewWriterSize(nc, 4<<10)
}

func (c *session) handshake() error {
	if c.s.fault("handshake", "") != nil {
		return errCut
	}
	tc := tls.Server(c.nc, c.s.opt.TLS)
	if err := tc.Handshake(); err != nil {
		return err
	}
	c.use(tc)
	c.mail.TLS = true
	return nil
}

func (c *session) command(line string) error {
	verb, arg, _ := strings.Cut(line, " ")
	verb = strings.ToUpper(verb)
	logged := line
	if verb == "AUTH" {
		logged = verb
	}
	c.s.notify(func() { c.s.lines = append(c.s.lines, logged) })
	switch verb {
	case "EHLO", "HELO":
		return c.hello(verb, arg)
	case "STARTTLS":
		return c.starttls()
	case "AUTH":
		return c.auth(arg)
	case "MAIL":
		return c.from(arg)
	case "RCPT":
		return c.rcpt(arg)
	case "DATA":
		return c.data()
	case "RSET":
		c.reset()
		return c.say("rset", "", "250 2.0.0 forgotten")
	case "NOOP":
		return c.say("noop", "", "250 2.0.0 ok")
	case "QUIT":
		if err := c.say("quit", "", "221 2.0.0 bye"); err != nil {
			return err
		}
		return errCut
	}
	return c.say("", "", "502 5.5.1 no such command")
}

func (c *session) reset() {
	m := c.mail
	c.mail = Mail{Hello: m.Hello, TLS: m.TLS, User: m.User, Conn: m.Conn}
	c.open = false
}

func (c *session) has(ext string) bool { return !slices.Contains(c.s.opt.Without, ext) }

func (c *session) hello(verb, arg string) error {
	c.reset()
	c.mail.Hello = arg
	if verb == "HELO" {
		return c.say("helo", "", "250 sink.test")
	}
	offer := []string{"sink.test", "ENHANCEDSTATUSCODES"}
	for _, ext := range []string{"PIPELINING", "8BITMIME", "SMTPUTF8", "DSN"} {
		if c.has(ext) {
			offer = append(offer, ext)
		}
	}
	if c.has("SIZE") {
		offer = append(offer, fmt.Sprintf("SIZE %d", c.s.opt.Size))
	}
	if c.s.opt.TLS != nil && !c.mail.TLS && c.has("STARTTLS") {
		offer = append(offer, "STARTTLS")
	}
	if c.s.opt.Users != nil {
		var mechs []string
		for _, m := range []string{"PLAIN", "LOGIN"} {
			if c.has(m) {
				mechs = append(mechs, m)
			}
		}
		offer = append(offer, "AUTH "+strings.Join(mechs, " "))
	}
	var b strings.Builder
	for i, o := range offer {
		sep := "-"
		if i == len(offer)-1 {
			sep = " "
		}
		b.WriteString("250" + sep + o + "\r\n")
	}
	return c.say("ehlo", "", strings.TrimSuffix(b.String(), "\r\n"))
}

func (c *session) starttls() error {
	if c.s.opt.TLS == nil {
		return c.say("", "", "502 5.5.1 not offered")
	}
	ok, err := c.reply("starttls", "", "220 2.0.0 go")
	if err != nil || !ok {
		return err
	}
	if err := c.w.Flush(); err != nil {
		return err
	}
	return c.handshake()
}

func (c *session) auth(arg string) error {
	mech, first, _ := strings.Cut(arg, " ")
	var user, pass string
	switch strings.ToUpper(mech) {
	case "PLAIN":
		if first == "" {
			first = c.ask("")
		}
		if parts := strings.Split(unbase64(first), "\x00"); len(parts) == 3 {
			user, pass = parts[1], parts[2]
		}
	case "LOGIN":
		if first == "" {
			first = c.ask("Username:")
		}
		user, pass = unbase64(first), unbase64(c.ask("Password:"))
	}
	if want, ok := c.s.opt.Users[user]; !ok || want != pass {
		return c.say("auth", user, "535 5.7.8 wrong")
	}
	ok, err := c.reply("auth", user, "235 2.7.0 welcome")
	if ok {
		c.mail.User = user
	}
	return err
}

func (c *session) ask(what string) string {
	_, _ = c.w.WriteString("334 " + base64.StdEncoding.EncodeToString([]byte(what)) + "\r\n")
	_ = c.w.Flush()
	line, _ := c.r.ReadString('\n')
	return strings.TrimRight(line, "\r\n")
}

func unbase64(s string) string {
	b, _ := base64.StdEncoding.DecodeString(s)
	return string(b)
}

// path splits FROM:<address> params.
func path(arg string) (addr, params string, ok bool) {
	open, end := strings.IndexByte(arg, '<'), strings.LastIndexByte(arg, '>')
	if open < 0 || end < open {
		return "", "", false
	}
	return arg[open+1 : end], strings.TrimSpace(arg[end+1:]), true
}

func (c *session) from(arg string) error {
	addr, params, ok := path(arg)
	switch {
	case !ok:
		return c.say("", "", "501 5.5.4 syntax")
	case c.open:
		return c.say("", "", "503 5.5.1 nested MAIL")
	case c.s.opt.Users != nil && c.mail.User == "":
		return c.say("", "", "530 5.7.0 authenticate first")
	}
	taken, err := c.reply("mail", addr, "250 2.1.0 sender ok")
	if taken {
		c.open, c.mail.From, c.mail.FromParams = true, addr, params
	}
	return err
}

func (c *session) rcpt(arg string) error {
	addr, params, ok := path(arg)
	if !ok || !c.open {
		return c.say("", "", "503 5.5.1 MAIL first")
	}
	taken, err := c.reply("rcpt", addr, "250 2.1.5 recipient ok")
	if taken {
		c.mail.To, c.mail.ToParams = append(c.mail.To, addr), append(c.mail.ToParams, params)
	}
	return err
}

func (c *session) data() error {
	f := c.s.fault("data", "")
	if f == nil && len(c.mail.To) == 0 {
		return c.say("", "", "554 5.5.1 no valid recipients")
	}
	taken, err := c.perform(f, "354 go")
	if err != nil || !taken {
		return err
	}
	if err := c.w.Flush(); err != nil {
		return err
	}
	if c.s.fault("body", "") != nil {
		_, _ = c.r.Peek(1)
		return errCut
	}
	if c.mail.Data, err = ReadData(c.r); err != nil {
		return err
	}
	return c.final()
}

func (c *session) final() error {
	mail := c.mail
	defer c.reset()
	keep := func() { c.s.notify(func() { c.s.mails = append(c.s.mails, mail) }) }
	f := c.s.fault("final", mail.From)
	if f != nil && f.act == "take" {
		keep()
		return errCut
	}
	ok, err := c.perform(f, "250 2.0.0 taken")
	if ok && err == nil {
		keep() // before the reply leaves: whoever has the reply finds the message
	}
	return err
}

func (c *session) say(stage, arg, reply string) error {
	_, err := c.reply(stage, arg, reply)
	return err
}

// reply gives the ordinary reply of a stage, or what the script has in its place; it
// says whether a positive reply was given.
func (c *session) reply(stage, arg, ordinary string) (bool, error) {
	return c.perform(c.s.fault(stage, arg), ordinary)
}

func (c *session) perform(f *fault, ordinary string) (bool, error) {
	if f == nil {
		return true, c.write(ordinary)
	}
	switch f.act {
	case "cut":
		_ = c.w.Flush()
		return false, errCut
	case "silent":
		if err := c.silent(); err != nil {
			return false, err
		}
		return true, c.write(ordinary)
	case "garbage":
		return false, c.write("what?")
	case "multi":
		code, text := f.reply[:3], strings.TrimPrefix(f.reply[3:], " ")
		return f.reply[0] < '4', c.write(code + "-" + text + "\r\n" + code + "-\r\n" + code + " " + text)
	case "drip":
		return f.reply[0] < '4', c.drip(f.reply + "\r\n")
	}
	return f.reply[0] < '4', c.write(f.reply)
}

func (c *session) write(reply string) error {
	_, err := c.w.WriteString(reply + "\r\n")
	return err
}

func (c *session) drip(s string) error {
	for i := range len(s) {
		_ = c.w.WriteByte(s[i])
		if err := c.w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// silent waits for Release, or for the client to give up.
func (c *session) silent() error {
	if err := c.w.Flush(); err != nil {
		return err
	}
	c.s.mu.Lock()
	release := c.s.release
	c.s.mu.Unlock()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = c.r.Peek(c.r.Buffered() + 1)
	}()
	select {
	case <-release:
		// The reader stands at a Peek: a deadline ends it, and the session goes on.
		_ = c.nc.SetReadDeadline(past)
		<-gone
		return c.nc.SetReadDeadline(never)
	case <-gone:
		return errCut
	}
}
