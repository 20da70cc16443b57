package smtpd

import (
	"context"
	"strings"

	"sigill/internal/message"
)

// mailFrom begins a transaction (RFC 5321 4.1.1.2).
func (s *session) mailFrom(ctx context.Context, arg string) answer {
	if s.helo == "" || s.mail != nil {
		return say(replyOrder)
	}
	if most := s.srv.opts.Limits.Messages; most > 0 && s.accepted >= most {
		s.linger = true // a client that sends ahead has sent more
		return answer{Reply: replyEnough, excused: true}
	}
	src, network, needTLS := s.source()
	if needTLS {
		return answer{Reply: replyNeedTLS, excused: true}
	}
	tx := &transaction{network: network, env: message.Envelope{Source: src, Foreign: network != nil && network.Foreign}}
	if r := s.parseMail(arg, tx); !r.OK() {
		return say(r)
	}
	if tx.announced > s.srv.opts.announced() {
		return tx.excuse(replyTooBig)
	}
	if r := clean(s.srv.opts.Ready()); !r.OK() {
		return answer{Reply: r, excused: true}
	}
	r := clean(s.srv.opts.Acceptor.Sender(ctx, &tx.env))
	if !r.OK() {
		s.logRefusal(&tx.env, "sender", r)
		return tx.excuse(r)
	}
	s.mail = tx
	return say(r)
}

func (s *session) parseMail(arg string, tx *transaction) (r message.Reply) {
	path, ok := cutWord(arg, "FROM:")
	if !ok {
		return replyArgument
	}
	mailbox, params, ok := parsePath(path)
	if !ok {
		return replyPath
	}
	from, err := message.ParseAddress(mailbox)
	if err != nil {
		return replyBadSender
	}
	tx.env.From = from
	if tx.announced, r = mailParams(params, &tx.env); !r.OK() {
		return r
	}
	if !tx.env.UTF8 && !ascii(mailbox) {
		return replyNeedsUTF8
	}
	return replyOK
}

// rcptTo adds a recipient (RFC 5321 4.1.1.3).
func (s *session) rcptTo(ctx context.Context, arg string) answer {
	if s.mail == nil || s.mail.content != nil {
		return say(replyOrder)
	}
	a := s.recipient(ctx, arg)
	if !a.OK() {
		s.mail.refused++
	}
	return a
}

func (s *session) recipient(ctx context.Context, arg string) answer {
	tx := s.mail
	to, r := s.parseRcpt(arg)
	switch {
	case !r.OK():
		return say(r)
	case !tx.env.Source.Trusted && relayed(to.Address):
		return say(message.ReplyRelay)
	case tx.known(to.Address):
		return say(replyRecipient)
	case len(tx.env.To) >= s.srv.opts.Limits.Recipients:
		return tx.excuse(replyTooMany)
	}
	r = clean(s.srv.opts.Acceptor.Recipient(ctx, &tx.env, to))
	if !r.OK() {
		s.logRefusal(&tx.env, "recipient", r)
		return tx.excuse(r)
	}
	tx.env.To = append(tx.env.To, to)
	return say(r)
}

func (s *session) parseRcpt(arg string) (to message.RcptTo, r message.Reply) {
	path, ok := cutWord(arg, "TO:")
	if !ok {
		return to, replyArgument
	}
	mailbox, params, ok := parsePath(path)
	if !ok {
		return to, replyPath
	}
	if strings.EqualFold(mailbox, "postmaster") {
		mailbox = "postmaster@" + s.srv.opts.Hostname // RFC 5321 4.5.1
	}
	addr, err := message.ParseAddress(mailbox)
	if err != nil || addr.IsNull() {
		return to, replyBadRcpt
	}
	if !s.mail.env.UTF8 && !ascii(mailbox) {
		return to, replyNeedsUTF8
	}
	to.Address = addr
	return to, rcptParams(params, &to)
}

// cutWord takes a word in any case from the front.
func cutWord(s, word string) (rest string, ok bool) {
	s = strings.TrimLeft(s, " ")
	if len(s) < len(word) || !strings.EqualFold(s[:len(word)], word) {
		return "", false
	}
	return s[len(word):], true
}
