package smtpd

import (
	"context"
	"encoding/base64"
	"errors"
	"strings"
	"unicode"

	"github.com/emersion/go-sasl"
)

var (
	errAuthCancelled = errors.New("authentication cancelled by the client")
	errAuthDecode    = errors.New("response is not base64")
)

// maxName bounds user names and passwords.
const maxName = 255

func (s *session) canAuth() bool { return s.srv.opts.Authenticate != nil && s.tls != nil }

// auth runs AUTH PLAIN or LOGIN (RFC 4954). The password reaches Authenticate and
// nothing else.
func (s *session) auth(ctx context.Context, arg string) answer {
	switch {
	case s.srv.opts.Authenticate == nil:
		return say(replyNotHere)
	case s.tls == nil:
		return say(replyAuthPlain)
	case s.helo == "", s.mail != nil, s.user != "":
		return say(replyOrder)
	}
	kind, initial, given := strings.Cut(arg, " ")
	verdict := answer{Reply: replyAuthSyntax}  // unless the mechanism comes to ask
	ask := func(user, password string) error { //nolint:unparam // what mechanisms want; the verdict goes beside it
		verdict = s.login(ctx, user, password)
		return nil
	}
	var server sasl.Server
	switch strings.ToUpper(kind) {
	case sasl.Plain:
		server = sasl.NewPlainServer(func(identity, user, password string) error {
			if identity != "" && identity != user {
				user = "" // nobody may act for another
			}
			return ask(user, password)
		})
	case sasl.Login:
		server = &loginServer{ask: ask}
	default:
		return say(replyAuthKind)
	}
	if a, ok := s.exchange(server, initial, given); !ok {
		return a
	}
	return verdict
}

// exchange carries challenges and responses; ok says that the mechanism is through.
func (s *session) exchange(server sasl.Server, initial string, given bool) (a answer, ok bool) {
	var response []byte
	var err error
	if given {
		if response, err = decodeAuth([]byte(initial)); err != nil {
			return say(replyAuthSyntax), false
		}
	}
	for {
		challenge, done, err := server.Next(response)
		if err != nil {
			return say(replyAuthSyntax), false
		}
		if done {
			return answer{}, true
		}
		response, err = s.challenge(challenge)
		switch {
		case errors.Is(err, errAuthCancelled):
			return say(replyAuthCancel), false
		case errors.Is(err, errAuthDecode):
			return say(replyAuthSyntax), false
		case err != nil:
			return s.unheard(err), false
		}
	}
}

func (s *session) challenge(text []byte) (response []byte, err error) {
	s.writeLines("334", []string{base64.StdEncoding.EncodeToString(text)})
	line, err := s.command()
	if err != nil {
		return nil, err
	}
	defer clear(line) // it may be a password
	return decodeAuth(line)
}

// decodeAuth reads one response; "=" is an empty one and "*" gives up (RFC 4954 4).
func decodeAuth(line []byte) ([]byte, error) {
	switch string(line) {
	case "*":
		return nil, errAuthCancelled
	case "=":
		return []byte{}, nil
	}
	b := make([]byte, base64.StdEncoding.DecodedLen(len(line)))
	n, err := base64.StdEncoding.Strict().Decode(b, line)
	if err != nil {
		return nil, errAuthDecode
	}
	return b[:n], nil
}

// login judges a name and password, and makes wrong ones expensive.
func (s *session) login(ctx context.Context, user, password string) answer {
	now := s.srv.opts.Now()
	if !s.srv.guard.take(s.addr, user, now) {
		s.srv.metrics.auth.WithLabelValues("blocked").Inc()
		return s.denied(ctx, answer{Reply: replyAuthLater})
	}
	err := s.check(ctx, user, password)
	switch {
	case err == nil:
		s.srv.guard.giveBack(s.addr, user, now)
		s.srv.metrics.auth.WithLabelValues("ok").Inc()
		s.user, s.authFails = user, 0
		return say(replyAuthOK)
	case errors.Is(err, ErrCredentials):
		s.srv.metrics.auth.WithLabelValues("wrong").Inc()
		return s.denied(ctx, answer{Reply: replyAuthBad})
	default:
		s.srv.guard.giveBack(s.addr, user, now)
		s.srv.metrics.auth.WithLabelValues("failed").Inc()
		s.log.Error("cannot check a password", "error", err)
		return answer{Reply: replyAuthLater, excused: true}
	}
}

func (s *session) check(ctx context.Context, user, password string) error {
	if user == "" || len(user) > maxName || len(password) > maxName || strings.ContainsFunc(user, unicode.IsControl) {
		return ErrCredentials
	}
	return s.srv.opts.Authenticate(ctx, user, password)
}

// denied answers a wrong password, each time more slowly, and at last for good.
func (s *session) denied(ctx context.Context, a answer) answer {
	s.log.Warn("authentication refused", "code", a.Code)
	wait(ctx, s.srv.opts.Limits.Delay<<min(s.authFails, 4))
	if s.authFails++; s.authFails >= s.srv.opts.Limits.AuthFailures {
		return goodbye(replyAuthMany)
	}
	return a
}

// loginServer is the LOGIN mechanism, which go-sasl has for clients only: first the
// name, then the password (draft-murchison-sasl-login).
type loginServer struct {
	user  *string
	asked bool
	ask   func(user, password string) error
}

// Next implements [sasl.Server].
func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case response == nil && l.user == nil && !l.asked:
		l.asked = true
		return []byte("Username:"), false, nil
	case l.user == nil:
		user := string(response)
		l.user = &user
		return []byte("Password:"), false, nil
	default:
		return nil, true, l.ask(*l.user, string(response))
	}
}
