package gateway

import (
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"sigill/internal/extract"
	"sigill/internal/message"
)

// loopMark opens the comment in our Received fields that carries one keyed MAC for each
// recipient.
const loopMark = "sigill"

// received writes the trace field that goes in front of a message (RFC 5321 4.4), with
// the recipient only when there is one, so that blind copies stay blind.
func (g *Gateway) received(id message.ID, env message.Envelope, messageID string, to []message.Address, now time.Time) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "Received: from %s (%s)\r\n\tby %s with %s id %s", heloWord(env.Source.Helo), addrLiteral(env.Source.Addr),
		g.o.Hostname, protocol(env), id)
	if len(to) == 1 && !to[0].NeedsUTF8() {
		fmt.Fprintf(&b, "\r\n\tfor <%s>", to[0])
	}
	fmt.Fprintf(&b, "\r\n\t(%s", loopMark)
	for _, tag := range g.loopMarks(to, messageID) {
		b.WriteString("\r\n\t ")
		b.WriteString(tag)
	}
	fmt.Fprintf(&b, ");\r\n\t%s\r\n", now.Format(time.RFC1123Z))
	return []byte(b.String())
}

// Bounds on the marks of one field.
const (
	fewestMarks = 8
	mostMarks   = 64
)

// loopMarks returns a mark for each recipient, sorted, filled up with chance to 8, 16, 32
// or 64: their number must not tell how many blind copies there are. Beyond 64 recipients
// the count of hops finds a loop.
func (g *Gateway) loopMarks(to []message.Address, messageID string) []string {
	size := fewestMarks
	for size < len(to) && size < mostMarks {
		size *= 2
	}
	marks := make([]string, 0, size)
	for _, a := range to[:min(len(to), size)] {
		marks = append(marks, g.loopTag(a, messageID))
	}
	for len(marks) < size {
		fill := message.NewID(g.o.Now()) // its random part makes the MAC a random one
		marks = append(marks, base64.RawURLEncoding.EncodeToString(g.o.Ring.MAC(macFill, []byte(fill))))
	}
	slices.Sort(marks)
	return marks
}

// loopTag is the same each time this message goes to this recipient, and nobody else
// can make it.
func (g *Gateway) loopTag(a message.Address, messageID string) string {
	return base64.RawURLEncoding.EncodeToString(g.o.Ring.MAC(macReceived, []byte(a.Key()), []byte(messageID)))
}

// heloWord keeps what a client calls itself within a Domain or address literal.
func heloWord(s string) string {
	clean := strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7f && !strings.ContainsRune(`()<>,;:\"`, r) || r == ':' {
			return r
		}
		return -1
	}, s)
	if clean == "" {
		return "unknown"
	}
	return clean[:min(len(clean), 255)]
}

// addrLiteral writes an address as RFC 5321 4.1.3 does.
func addrLiteral(s string) string {
	ip, err := netip.ParseAddr(s)
	switch {
	case err != nil:
		return "unknown"
	case ip.Unmap().Is4():
		return "[" + ip.Unmap().String() + "]"
	}
	return "[IPv6:" + ip.WithZone("").String() + "]"
}

// protocol is the keyword of RFC 3848 and RFC 6531 3.7.3.
func protocol(env message.Envelope) string {
	name := "ESMTP"
	if env.UTF8 {
		name = "UTF8SMTP"
	}
	if env.Source.TLS != "" {
		name += "S"
	}
	if env.Source.User != "" {
		name += "A"
	}
	return name
}

// looping says whether this message was here before for one of its recipients, or has
// gone through too many hands.
func (g *Gateway) looping(env message.Envelope, h *extract.Header) bool {
	seen := map[string]bool{}
	hops := 0
	for _, f := range h.Fields {
		if !strings.EqualFold(f.Name, "Received") {
			continue
		}
		hops++
		for _, tag := range loopTags(f.Value) {
			seen[tag] = true
		}
	}
	if hops > g.o.MaxHops {
		return true
	}
	if len(seen) == 0 {
		return false
	}
	for _, to := range env.To {
		if seen[g.loopTag(to.Address, h.MessageID)] {
			return true
		}
	}
	return false
}

// loopTags returns what looks like our marks in a Received field.
func loopTags(value string) []string {
	_, rest, ok := strings.Cut(value, "("+loopMark)
	if !ok || rest == "" || rest[0] != ' ' && rest[0] != '\t' {
		return nil
	}
	inside, _, _ := strings.Cut(rest, ")")
	return strings.Fields(inside)
}
