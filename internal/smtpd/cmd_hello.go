package smtpd

import "fmt"

// ehlo answers EHLO with what the server can do (RFC 5321 4.1.1.1). It ends a
// transaction like RSET.
func (s *session) ehlo(arg string) answer {
	name, ok := helloName(arg)
	if !ok {
		return say(replyArgument)
	}
	s.reset()
	s.helo = name
	s.writeLines("250", s.features())
	return answer{}
}

func (s *session) hello(arg string) answer {
	name, ok := helloName(arg)
	if !ok {
		return say(replyArgument)
	}
	s.reset()
	s.helo = name
	s.writeLines("250", []string{s.srv.opts.Hostname})
	return answer{}
}

// features lists the extensions. BINARYMIME is missing on purpose: what comes in
// must be able to leave by DATA.
func (s *session) features() []string {
	list := []string{
		s.srv.opts.Hostname, "PIPELINING", fmt.Sprintf("SIZE %d", s.srv.opts.announced()),
		"8BITMIME", "SMTPUTF8", "CHUNKING", "DSN", "ENHANCEDSTATUSCODES",
	}
	if s.srv.tls != nil && s.tls == nil {
		list = append(list, "STARTTLS")
	}
	if s.canAuth() {
		list = append(list, "AUTH PLAIN LOGIN")
	}
	return list
}
