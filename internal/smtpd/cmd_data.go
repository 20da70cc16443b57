package smtpd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"sigill/internal/message"
)

// data takes a message by DATA (RFC 5321 4.1.1.4).
func (s *session) data(ctx context.Context, arg string) answer {
	if arg != "" {
		return say(replyNoArgument)
	}
	if s.mail != nil && s.mail.content != nil {
		return say(replyOrder) // BDAT has begun (RFC 3030 2)
	}
	if r := s.wantsData(); !r.OK() {
		return say(r)
	}
	s.begin()
	s.write(replyStart)
	err := s.receive(func() error { return s.wire.readDots(s.mail.content) })
	if err != nil {
		return s.cut(err)
	}
	return s.deliver(ctx)
}

// bdat takes a part of a message by BDAT (RFC 3030 2). Its octets follow at once, so
// they are read away even when it is refused; without a length the session ends.
func (s *session) bdat(ctx context.Context, arg string) answer {
	n, last, ok := parseChunk(arg)
	if !ok {
		s.linger = true
		return goodbye(replyArgument)
	}
	if n > 2*s.srv.opts.Limits.Size {
		s.linger = true
		return goodbye(replyTooBig)
	}
	refusal := s.wantsData()
	sink := &content{limit: s.srv.opts.Limits.Size, err: errTooBig} // keeps nothing
	if refusal.OK() {
		s.begin()
		sink = s.mail.content
	}
	if err := s.receive(func() error { return s.wire.readChunk(n, sink) }); err != nil {
		return s.cut(err)
	}
	switch {
	case !refusal.OK():
		return say(refusal)
	case sink.err != nil:
		return s.refuse(sink.err) // and what follows of this message is out of order
	case !last:
		return say(message.Reply{Code: 250, Status: "2.0.0", Text: fmt.Sprintf("%d octets received", n)})
	}
	return s.deliver(ctx)
}

func parseChunk(arg string) (n int64, last, ok bool) {
	size, rest, more := strings.Cut(arg, " ")
	if more {
		if last = strings.EqualFold(rest, "LAST"); !last {
			return 0, false, false
		}
	}
	n, ok = octets(size)
	return n, last, ok
}

// wantsData says whether a message may come now.
func (s *session) wantsData() message.Reply {
	switch {
	case s.mail == nil:
		return replyOrder
	case len(s.mail.env.To) > 0:
		return replyOK
	case s.mail.refused > 0:
		return replyNobody // a client that sends ahead comes here (RFC 2920 3.1)
	default:
		return replyOrder
	}
}

// begin makes room for the message, unless BDAT has done so.
func (s *session) begin() {
	if s.mail.content == nil {
		s.mail.content = &content{
			spool: s.srv.storage.spool(), limit: s.srv.opts.Limits.Size,
			normalize: s.mail.network != nil && s.mail.network.Normalize,
		}
	}
}

// receive reads octets of a message with a large buffer and at their own pace.
func (s *session) receive(read func() error) error {
	limits := s.srv.opts.Limits
	if !s.wire.wide() {
		s.wire.widen(*s.srv.blocks.Get().(*[]byte)) //nolint:errcheck // the pool holds nothing else
	}
	s.wire.pace = newPace(limits.Data, limits.Rate)
	err := read()
	s.wire.pace = nil
	return err
}

// cut ends a session whose message did not come to its end.
func (s *session) cut(err error) answer {
	s.srv.metrics.messages.WithLabelValues("cut").Inc()
	if errors.Is(err, errFlood) {
		s.linger = true
		return goodbye(replyTooBig)
	}
	return s.lost(err)
}

// refuse ends a transaction whose message cannot be taken.
func (s *session) refuse(err error) answer {
	r := spoolReply(err)
	s.logRefusal(&s.mail.env, "data", r)
	if r.Temporary() {
		s.log.Error("cannot spool a message", "error", err)
	}
	s.srv.metrics.messages.WithLabelValues(class(r)).Inc()
	s.reset()
	return answer{Reply: r, excused: r.Temporary()}
}

// deliver hands the whole message over. What the Acceptor answers is what the
// client hears, and nothing else here says 250.
func (s *session) deliver(ctx context.Context) answer {
	tx := s.mail
	if err := tx.content.finish(); err != nil {
		return s.refuse(err)
	}
	body := tx.content.spool
	r := clean(s.srv.opts.Acceptor.Accept(ctx, tx.env, body))
	s.srv.metrics.messages.WithLabelValues(class(r)).Inc()
	if r.OK() {
		s.junk = 0
		s.accepted++
		s.srv.metrics.octets.Add(float64(body.size))
		s.log.Info("accepted", append([]any{"octets", body.size, "recipients", len(tx.env.To)}, s.logAddresses(&tx.env)...)...)
	} else {
		s.logRefusal(&tx.env, "message", r)
	}
	s.reset()
	return tx.excuse(r)
}

var _ message.Body = (*spool)(nil)
var _ Retainer = (*spool)(nil)
