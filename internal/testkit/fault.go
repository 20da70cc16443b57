package testkit

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// fault is what happens at a stage in place of the ordinary reply.
type fault struct {
	stage string // banner, ehlo, starttls, auth, mail, rcpt, data, body, final, rset
	arg   string // address that must match, "" for any
	left  int    // how often it still happens; below 0 for ever
	act   string // reply, cut, take, silent, garbage, multi, drip
	reply string // of act reply, multi and drip
}

// Script replaces the faults. Each line says
//
//	STAGE [ADDRESS] [xN]: ACTION
//
// where STAGE is banner, ehlo, helo, starttls, auth, mail, rcpt, data, body, final, rset or
// quit; ADDRESS narrows mail and rcpt; xN lets it happen N times only. ACTION is
//
//	450 4.2.1 words   that reply; with final, the message is not kept unless it is 2yz
//	multi 250 words   the same in three lines
//	drip 250 words    the same, an octet at a time
//	garbage           a line that is no reply
//	cut               the connection is cut before the reply
//	take              final only: the message is kept, then the connection is cut
//	silent            nothing until Release, then the ordinary reply
//
// body: cut ends the connection after the first octets of the message; handshake: cut
// does so in place of the TLS handshake. The first line that fits counts.
func (s *Sink) Script(t testing.TB, script string) {
	t.Helper()
	var faults []*fault
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		f, err := parseFault(line)
		if err != nil {
			t.Fatalf("sink script: %v", err)
		}
		faults = append(faults, f)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = faults
}

func parseFault(line string) (*fault, error) {
	head, action, ok := strings.Cut(line, ":")
	words := strings.Fields(head)
	action = strings.TrimSpace(action)
	if !ok || len(words) == 0 || action == "" {
		return nil, fmt.Errorf("line %q: want STAGE: ACTION", line)
	}
	f := &fault{stage: words[0], left: -1}
	if !strings.Contains(" banner ehlo helo starttls handshake auth mail rcpt data body final rset quit ", " "+f.stage+" ") {
		return nil, fmt.Errorf("line %q: no such stage", line)
	}
	for _, w := range words[1:] {
		if n, err := strconv.Atoi(strings.TrimPrefix(w, "x")); err == nil && w[0] == 'x' {
			f.left = n
		} else {
			f.arg = w
		}
	}
	verb, rest, _ := strings.Cut(action, " ")
	switch verb {
	case "cut", "take", "silent", "garbage":
		f.act = verb
	case "multi", "drip":
		f.act, f.reply = verb, rest
	default:
		f.act, f.reply = "reply", action
	}
	if f.reply != "" {
		if _, err := strconv.Atoi(f.reply[:min(3, len(f.reply))]); err != nil || len(f.reply) < 3 {
			return nil, fmt.Errorf("line %q: no such action", line)
		}
	}
	return f, nil
}

// fault finds the fault of a stage, and counts it.
func (s *Sink) fault(stage, arg string) *fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.stage == stage && (f.arg == "" || strings.EqualFold(f.arg, arg)) && f.left != 0 {
			f.left--
			return f
		}
	}
	return nil
}
