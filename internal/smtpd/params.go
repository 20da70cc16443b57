package smtpd

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"sigill/internal/message"
)

// parsePath reads "<...>" of MAIL and RCPT (RFC 5321 4.1.2) and returns the mailbox
// between the brackets, without a source route, and what follows. It checks the
// frame only; [message.ParseAddress] judges the mailbox.
func parsePath(s string) (mailbox, rest string, ok bool) {
	s = strings.TrimLeft(s, " ")
	if s == "" || s[0] != '<' {
		return "", "", false
	}
	end := closingBracket(s)
	if end < 0 {
		return "", "", false
	}
	mailbox, rest = s[1:end], s[end+1:]
	if rest != "" && rest[0] != ' ' {
		return "", "", false
	}
	if strings.HasPrefix(mailbox, "@") {
		// A-d-l ":": accepted and ignored (RFC 5321 appendix C).
		colon := strings.IndexByte(mailbox, ':')
		if colon < 0 {
			return "", "", false
		}
		mailbox = mailbox[colon+1:]
		if mailbox == "" {
			return "", "", false
		}
	}
	return mailbox, rest, true
}

// closingBracket finds the ">" that is not inside a quoted string.
func closingBracket(s string) int {
	quoted := false
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && quoted:
			i++
		case c == '"':
			quoted = !quoted
		case c == '>' && !quoted:
			return i
		}
	}
	return -1
}

// relayed says whether the local part asks for routing by old customs: user%host,
// host!user or a quoted user@host.
func relayed(a message.Address) bool { return strings.ContainsAny(a.Local(), "%!@") }

// eachParam calls set for every KEY or KEY=VALUE, with the key in capitals
// (RFC 5321 4.1.2). It stops at the first reply that is not positive.
func eachParam(s string, set func(key, value string, given bool) message.Reply) message.Reply {
	seen := make(map[string]bool)
	for word := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ' ' }) {
		key, value, given := strings.Cut(word, "=")
		key = strings.ToUpper(key)
		if !keyword(key) || given && (value == "" || strings.Contains(value, "=") && key != "ORCPT") {
			return replyParam
		}
		if seen[key] {
			return replyTwice
		}
		seen[key] = true
		if r := set(key, value, given); !r.OK() {
			return r
		}
	}
	return replyOK
}

func keyword(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !(c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' && i > 0) {
			return false
		}
	}
	return s != ""
}

// mailParams reads the parameters of MAIL into the envelope. size is what SIZE
// announced, or 0 (RFC 1870).
func mailParams(s string, env *message.Envelope) (size int64, reply message.Reply) {
	reply = eachParam(s, func(key, value string, given bool) message.Reply {
		switch key {
		case "SIZE":
			return numberParam(value, &size)
		case "BODY":
			return bodyParam(value, env)
		case "SMTPUTF8":
			env.UTF8 = true
			return require(!given)
		case "RET":
			env.Return = strings.ToUpper(value)
			return require(env.Return == "FULL" || env.Return == "HDRS")
		case "ENVID":
			id, ok := xtext(value)
			env.ID = id
			return require(ok && given && len(value) <= 100 && printable(id))
		case "AUTH":
			// Who sent it first, as another server tells (RFC 4954 5): nothing here relies on it.
			_, ok := xtext(value)
			return require(ok && given)
		default:
			return replyNoParam
		}
	})
	return size, reply
}

func require(ok bool) message.Reply {
	if !ok {
		return replyParam
	}
	return replyOK
}

func numberParam(value string, n *int64) message.Reply {
	v, ok := octets(value)
	*n = v
	return require(ok)
}

// octets reads a number of up to 20 digits (RFC 1870 4); more than an int64 holds
// counts as the largest one.
func octets(s string) (int64, bool) {
	if s == "" || len(s) > 20 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, _ := strconv.ParseInt(s, 10, 64) // out of range gives the largest number
	return n, true
}

func bodyParam(value string, env *message.Envelope) message.Reply {
	switch strings.ToUpper(value) {
	case "7BIT":
	case "8BITMIME":
		env.EightBit = true
	case "BINARYMIME":
		return replyNoParam // not offered (RFC 3030 3)
	default:
		return replyParam
	}
	return replyOK
}

// rcptParams reads the parameters of RCPT (RFC 3461 4.1, 4.2).
func rcptParams(s string, to *message.RcptTo) message.Reply {
	return eachParam(s, func(key, value string, _ bool) message.Reply {
		switch key {
		case "NOTIFY":
			n, ok := parseNotify(value)
			to.Notify = n
			return require(ok)
		case "ORCPT":
			to.Orig = value
			return require(len(value) <= 500 && origRecipient(value))
		default:
			return replyNoParam
		}
	})
}

func parseNotify(value string) (message.Notify, bool) {
	if strings.EqualFold(value, "NEVER") {
		return message.NotifyNever, true
	}
	var n message.Notify
	for word := range strings.SplitSeq(strings.ToUpper(value), ",") {
		switch word {
		case "SUCCESS":
			n |= message.NotifySuccess
		case "FAILURE":
			n |= message.NotifyFailure
		case "DELAY":
			n |= message.NotifyDelay
		default:
			return 0, false
		}
	}
	return n, true
}

// origRecipient checks type;xtext, or the forms of RFC 6533 3 for type utf-8.
func origRecipient(s string) bool {
	kind, addr, ok := strings.Cut(s, ";")
	if !ok || addr == "" || !keyword(strings.ToUpper(kind)) {
		return false
	}
	if strings.EqualFold(kind, "utf-8") {
		return utf8.ValidString(addr)
	}
	plain, ok := xtext(addr)
	return ok && printable(plain)
}

// xtext decodes RFC 3461 4: "+" and two capital hex digits stand for one octet.
func xtext(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < '!' || c > '~' || c == '=' {
			return "", false
		}
		if c == '+' {
			if i+2 >= len(s) {
				return "", false
			}
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi < 0 || lo < 0 {
				return "", false
			}
			c = byte(hi<<4 | lo) //nolint:gosec // two hexadecimal digits make one octet
			i += 2
		}
		b.WriteByte(c)
	}
	return b.String(), true
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	default:
		return -1
	}
}

// printable says that s is ASCII without control characters, so that it can be
// written anywhere again.
func printable(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// splitCommand cuts a line into its verb, in capitals, and what follows. A line
// with a control character or broken UTF-8 is no command.
func splitCommand(line []byte) (verb, arg string, ok bool) {
	for _, c := range line {
		if c < 0x20 || c == 0x7f {
			return "", "", false
		}
	}
	if !utf8.Valid(line) {
		return "", "", false
	}
	verb, arg, _ = strings.Cut(strings.TrimRight(string(line), " "), " ")
	return strings.ToUpper(verb), arg, true
}

// helloName makes a name fit for a Received field: anything else becomes "?".
func helloName(arg string) (string, bool) {
	if arg == "" || len(arg) > 255 || strings.Contains(arg, " ") {
		return "", false
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		case strings.ContainsRune(".-_:[]", r):
			return r
		default:
			return '?'
		}
	}, arg), true
}
