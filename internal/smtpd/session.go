package smtpd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"sigill/internal/message"
)

// session is the dialogue with one client.
type session struct {
	srv    *Server
	log    *slog.Logger
	wire   *wire
	addr   netip.Addr
	direct bool // TLS before the first command
	cancel context.CancelFunc

	tls  *tls.ConnectionState // nil in cleartext
	helo string               // "" until EHLO or HELO
	user string               // "" until AUTH
	mail *transaction         // nil outside of one

	errors    int // refused commands
	junk      int // commands since the last message
	accepted  int // messages
	authFails int
	linger    bool // unread input is likely
}

// transaction is what MAIL began.
type transaction struct {
	env       message.Envelope
	network   *Network
	refused   int      // recipients
	content   *content // of BDAT, once it began
	announced int64    // SIZE
}

func newSession(s *Server, conn net.Conn, addr netip.Addr, direct bool, cancel context.CancelFunc) *session {
	return &session{
		srv: s, log: s.log.With("client", addr), addr: addr, direct: direct,
		wire: newWire(conn, s.opts.Limits.Command), cancel: cancel,
	}
}

// run holds the dialogue to its end and closes the connection.
func (s *session) run(ctx context.Context) {
	defer s.close()
	defer s.recovered()
	if s.direct && !s.handshake(ctx) {
		return
	}
	s.write(message.Reply{Code: 220, Text: s.srv.opts.Hostname + " ESMTP"})
	for s.step(ctx) {
	}
}

// recovered keeps a fault in one session from ending the process. Neither the value
// nor the arguments are logged: they may hold parts of a message.
func (s *session) recovered() {
	if v := recover(); v != nil {
		s.srv.metrics.panics.Inc()
		s.log.Error("session ended by a fault in the program", "kind", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
		s.write(replyBroken)
	}
}

func (s *session) close() {
	s.reset()
	s.wire.hangUp(s.linger)
	if large := s.wire.buf; s.wire.wide() {
		s.srv.blocks.Put(&large)
	}
}

// step reads one command and answers it; it says whether there may be another.
func (s *session) step(ctx context.Context) bool {
	if large := s.wire.narrow(); large != nil {
		s.srv.blocks.Put(&large)
	}
	line, err := s.command()
	var verb string
	var a answer
	if err == nil {
		verb, a = s.handle(ctx, line)
	} else {
		a = s.unheard(err)
	}
	return s.answer(ctx, verb, a)
}

// command waits for a line.
func (s *session) command() ([]byte, error) {
	if err := s.wire.awaitCommand(s.srv.opts.Limits.Command); err != nil {
		return nil, err
	}
	defer s.wire.busy()
	return s.wire.line()
}

// unheard answers what was not a line, or the lack of one.
func (s *session) unheard(err error) answer {
	switch {
	case errors.Is(err, errLongLine):
		return say(replyLongLine)
	case errors.Is(err, errLineEnd):
		return say(replyLineEnd)
	case errors.Is(err, errFlood):
		s.linger = true
		return goodbye(replyLongLine)
	default:
		return s.lost(err)
	}
}

// lost answers the end of the connection, as far as anybody can still hear it.
func (s *session) lost(err error) answer {
	switch {
	case errors.Is(err, errDraining):
		s.linger = true
		return goodbye(replyClosing)
	case errors.Is(err, os.ErrDeadlineExceeded):
		s.linger = true
		return goodbye(replyTimeout)
	default:
		if !errors.Is(err, io.EOF) {
			s.log.Debug("connection lost", "error", err)
		}
		return answer{end: true}
	}
}

func (s *session) handle(ctx context.Context, line []byte) (verb string, a answer) {
	verb, arg, ok := splitCommand(line)
	if !ok {
		return "", say(replyControl)
	}
	if idles(verb) {
		s.junk++
	}
	return verb, s.dispatch(ctx, verb, arg)
}

// idles says that a command by itself does not bring a message nearer.
func idles(verb string) bool {
	switch verb {
	case "MAIL", "RCPT", "DATA", "BDAT":
		return false
	default:
		return true
	}
}

func (s *session) dispatch(ctx context.Context, verb, arg string) answer {
	switch verb {
	case "EHLO":
		return s.ehlo(arg)
	case "HELO":
		return s.hello(arg)
	case "STARTTLS":
		return s.startTLS(ctx, arg)
	case "AUTH":
		return s.auth(ctx, arg)
	case "MAIL":
		return s.mailFrom(ctx, arg)
	case "RCPT":
		return s.rcptTo(ctx, arg)
	case "DATA":
		return s.data(ctx, arg)
	case "BDAT":
		return s.bdat(ctx, arg)
	case "RSET":
		return s.rset(arg)
	case "NOOP":
		return say(replyOK)
	case "QUIT":
		return s.quit(arg)
	case "VRFY":
		return say(replyVerify)
	case "HELP":
		return say(replyHelp)
	case "EXPN", "TURN", "ETRN", "SEND", "SOML", "SAML":
		return say(replyNotHere)
	case "GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT":
		s.linger = true
		return goodbye(replyHTTP) // a browser made to talk to us
	default:
		return say(replyUnknown)
	}
}

// answer writes the reply and keeps count of refusals.
func (s *session) answer(ctx context.Context, verb string, a answer) bool {
	r, silent := clean(a.Reply), a.Reply == message.Reply{}
	if silent {
		r = replyOK // answered in several lines, or nobody is there to hear
	}
	s.count(ctx, verb, r, a.excused)
	if !silent {
		s.write(r)
	}
	if a.end || a.Code == 421 {
		return false
	}
	if s.errors >= s.srv.opts.Limits.HardErrors {
		s.linger = true
		s.write(replyManyErrors)
		return false
	}
	return true
}

func (s *session) count(ctx context.Context, verb string, r message.Reply, excused bool) {
	limits := s.srv.opts.Limits
	if !r.OK() {
		s.srv.metrics.refused.WithLabelValues(verbLabel(verb), class(r)).Inc()
	}
	if !r.OK() && !excused || idles(verb) && s.junk > limits.Junk {
		s.errors++
		if s.errors > limits.SoftErrors && s.errors < limits.HardErrors {
			wait(ctx, limits.Delay)
		}
	}
}

// write puts one reply into the buffer; it goes out before the next wait.
func (s *session) write(r message.Reply) {
	// An error sticks to the buffer and ends the session at the next flush.
	_, _ = s.wire.out.WriteString(r.String())
	_, _ = s.wire.out.Write(crlf)
}

// writeLines writes a reply of several lines (RFC 5321 4.2.1).
func (s *session) writeLines(code string, lines []string) {
	for i, line := range lines {
		sep := "-"
		if i == len(lines)-1 {
			sep = " "
		}
		_, _ = s.wire.out.WriteString(code + sep + line + "\r\n")
	}
}

// reset ends the transaction, if there is one, and wipes what it holds.
func (s *session) reset() {
	if s.mail != nil && s.mail.content != nil {
		s.mail.content.spool.release()
	}
	s.mail = nil
}

func (s *session) rset(arg string) answer {
	if arg != "" {
		return say(replyNoArgument)
	}
	s.reset()
	return say(replyOK)
}

func (s *session) quit(arg string) answer {
	if arg != "" {
		return say(replyNoArgument)
	}
	return goodbye(replyBye)
}

// source says what is known about the client, and which listed network it is in.
func (s *session) source() (src message.Source, n *Network, needTLS bool) {
	n, needTLS = s.srv.network(s.addr, s.tls)
	src = message.Source{Addr: s.addr.String(), Helo: s.helo, User: s.user, Trusted: n != nil || s.user != ""}
	if n != nil {
		src.Network = n.Name
	}
	if s.tls != nil {
		src.TLS = tls.VersionName(s.tls.Version) + " " + tls.CipherSuiteName(s.tls.CipherSuite)
	}
	return src, n, needTLS && s.user == ""
}

// logAddresses returns the envelope for a log line, if addresses may be logged.
func (s *session) logAddresses(env *message.Envelope) []any {
	if !s.srv.opts.LogAddresses {
		return nil
	}
	to := make([]string, 0, len(env.To))
	for _, rcpt := range env.To {
		to = append(to, rcpt.Address.String())
	}
	return []any{"from", env.From.String(), "to", strings.Join(to, " ")}
}

func (s *session) logRefusal(env *message.Envelope, stage string, r message.Reply) {
	attrs := append([]any{"stage", stage, "code", r.Code, "status", r.Status}, s.logAddresses(env)...)
	s.log.Info("refused", attrs...)
}

// known says whether the address is among the accepted recipients.
func (t *transaction) known(a message.Address) bool {
	return slices.ContainsFunc(t.env.To, func(to message.RcptTo) bool { return to.Address == a })
}

// excuse says whether a refusal by the Acceptor counts as the client's error: a
// trusted client passes on what its own users typed.
func (t *transaction) excuse(r message.Reply) answer {
	return answer{Reply: r, excused: t.env.Source.Trusted}
}
