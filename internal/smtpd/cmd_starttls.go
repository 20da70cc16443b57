package smtpd

import (
	"context"
	"crypto/tls"
	"time"
)

// handshakeTime is longer than any honest client takes.
const handshakeTime = time.Minute

// startTLS begins TLS (RFC 3207). Octets that came behind the command were written
// by nobody we know (CVE-2011-0411): the session ends before they can do anything.
func (s *session) startTLS(ctx context.Context, arg string) answer {
	switch {
	case arg != "":
		return say(replyNoArgument)
	case s.srv.tls == nil:
		return say(replyNotHere)
	case s.tls != nil:
		return say(replyOrder)
	case s.wire.buffered() > 0:
		s.linger = true
		s.log.Warn("data behind STARTTLS refused")
		return goodbye(replyInjected)
	}
	s.write(replyStartTLS)
	if err := s.wire.flush(); err != nil {
		return s.lost(err)
	}
	return answer{end: !s.handshake(ctx)}
}

// handshake puts TLS on the connection and forgets all that was said in cleartext.
func (s *session) handshake(ctx context.Context) bool {
	limit := min(handshakeTime, s.srv.opts.Limits.Command)
	if err := s.wire.awaitCommand(limit); err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	conn := tls.Server(s.wire.raw, s.srv.tls)
	err := conn.HandshakeContext(ctx)
	s.wire.busy()
	if err != nil {
		s.srv.metrics.tls.WithLabelValues("failed").Inc()
		s.log.Info("TLS handshake failed", "error", err)
		return false
	}
	s.srv.metrics.tls.WithLabelValues("ok").Inc()
	s.wire.layer(conn)
	s.reset()
	s.helo, s.user = "", ""
	state := conn.ConnectionState()
	s.tls = &state
	return true
}
