package smtpd

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/message"
)

// metrics count what the door sees. Labels hold no names, addresses or numbers.
type metrics struct {
	messages    *prometheus.CounterVec // by class of the reply to the end of the data
	octets      prometheus.Counter
	refused     *prometheus.CounterVec // commands, by verb and class
	connections *prometheus.CounterVec // taken or turned away
	tls         *prometheus.CounterVec // handshakes by result
	auth        *prometheus.CounterVec
	panics      prometheus.Counter
}

func vec(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "sigill", Subsystem: "smtpd", Name: name, Help: help}, labels)
}

func newMetrics(reg prometheus.Registerer, s *Server) (*metrics, error) {
	m := &metrics{
		messages:    vec("messages_total", "Messages received to their end, by class of our reply.", "reply"),
		refused:     vec("refused_total", "Commands refused, by verb and class of our reply.", "verb", "reply"),
		connections: vec("connections_total", "Connections, by whether they were taken.", "result"),
		tls:         vec("tls_handshakes_total", "TLS handshakes, by result.", "result"),
		auth:        vec("auth_total", "AUTH attempts, by result.", "result"),
		octets:      prometheus.NewCounter(prometheus.CounterOpts{Name: "sigill_smtpd_message_octets_total", Help: "Octets of messages answered 250."}),
		panics:      prometheus.NewCounter(prometheus.CounterOpts{Name: "sigill_smtpd_panics_total", Help: "Sessions ended by a fault in the program."}),
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{
		m.messages, m.refused, m.connections, m.tls, m.auth, m.octets, m.panics,
		gauge("sigill_smtpd_sessions", "Sessions now.", func() float64 { return float64(s.sessions.count()) }),
		gauge("sigill_smtpd_spool_memory_octets", "Memory that holds messages now.", func() float64 { return float64(s.storage.memory.used.Load()) }),
	} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return m, nil
}

func gauge(name, help string, value func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
}

// class is the label of a reply: 2xx, 4xx or 5xx.
func class(r message.Reply) string {
	switch {
	case r.OK():
		return "2xx"
	case r.Temporary():
		return "4xx"
	default:
		return "5xx"
	}
}

// verbLabel keeps what a client types out of the labels.
func verbLabel(verb string) string {
	switch verb {
	case "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "QUIT", "VRFY", "HELP", "EXPN":
		return verb
	default:
		return "other"
	}
}
