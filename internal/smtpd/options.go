package smtpd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/message"
)

// Acceptor decides about mail. Every method may be called for many sessions at once;
// ctx ends when the session must.
type Acceptor interface {
	// Sender is asked at MAIL: env.From, its parameters and env.Source are set.
	Sender(ctx context.Context, env *message.Envelope) message.Reply

	// Recipient is asked at RCPT; env.To holds those accepted before. It is not
	// asked twice about one address.
	Recipient(ctx context.Context, env *message.Envelope, to message.RcptTo) message.Reply

	// Accept is called after the end of the data. A 250 is the promise that the
	// message is stored or delivered. The body is wiped when Accept returns, unless
	// it was kept by [Retainer].
	Accept(ctx context.Context, env message.Envelope, body message.Body) message.Reply
}

// Retainer is implemented by every body given to [Acceptor.Accept]: the body stays
// readable after Accept has returned, until release is called (once counts).
type Retainer interface {
	Retain() (release func())
}

// ErrCredentials is what [Options].Authenticate returns for a wrong name or password,
// without telling which. Any other error is answered as temporary.
var ErrCredentials = errors.New("wrong user name or password")

// Network is a listed origin. The first network whose conditions are met counts.
type Network struct {
	Name     string
	Prefixes []netip.Prefix // none: from anywhere, which needs Certificates

	// Certificates, if any, must be shown (one of them).
	Certificates []Certificate

	RequireTLS bool // MAIL in cleartext gets 530 5.7.0
	Foreign    bool // forwards mail from outside; goes into the envelope
	Normalize  bool // a bare CR or LF becomes CR LF instead of being refused
}

// Certificate names a client certificate, by one of its fields.
type Certificate struct {
	// Fingerprint is the SHA-256 of the DER form, in hex, colons allowed.
	Fingerprint string
	// Name is a DNS name or mail address of the certificate, which must chain to
	// Options.TLS.ClientCAs and be made for clients.
	Name string
}

// Options configures a [Server]. Hostname and Acceptor are required.
type Options struct {
	Hostname string // says who we are, in the greeting and as the domain of <postmaster>
	Acceptor Acceptor

	TLS      *tls.Config // nil: no TLS. New certificates come through its GetCertificate
	Networks []Network

	// Authenticate checks a password; nil: no AUTH. It answers in the same time for
	// a user that does not exist.
	Authenticate func(ctx context.Context, user, password string) error

	// Ready is asked at MAIL and may refuse for the time being; nil: always ready.
	Ready func() message.Reply

	// Room is asked for what the next server takes, in octets, 0 while that is not known;
	// nil: never known. The least of it and Limits.Size is announced (RFC 1870 3).
	Room func() int64

	TempDir string // for large messages; "" is the system's
	Limits  Limits

	Log          *slog.Logger // nil: no log
	LogAddresses bool         // mail addresses may be logged
	Registerer   prometheus.Registerer
	Now          func() time.Time // nil: time.Now
}

// Limits of a server. A zero field means its default.
type Limits struct {
	Size       int64 // octets of a message; 150 MB
	Recipients int   // of one message; 1,000
	Messages   int   // accepted in one connection before it is closed; without end

	SoftErrors int // refused commands until each further one is delayed; 10
	HardErrors int // refused commands until the session ends; 20
	Junk       int // commands without a message until each further one counts as an error; 100

	Connections int // at the same time, a tenth of them kept for listed networks; 2,000
	PerClient   int // of one IPv4 address or IPv6 /64 outside the listed networks; 50

	Command time.Duration // for one whole command; 5 minutes
	Data    time.Duration // without progress in the data; 3 minutes
	Rate    int           // octets per second that the data must keep up; 500

	AuthFailures int           // in one session until it ends; 3
	AuthBurst    int           // failures of one client or account at once; 10
	AuthEvery    time.Duration // until one more failure is allowed; 30 seconds
	Delay        time.Duration // unit of the delay after errors; 1 second

	SpoolSession int   // octets of a message kept in memory; 64 KiB
	SpoolTotal   int64 // the same over all sessions; 64 MiB
}

func orElse[T int | int64 | time.Duration](v *T, otherwise T) {
	if *v == 0 {
		*v = otherwise
	}
}

func (l Limits) withDefaults() Limits {
	orElse(&l.Size, 150<<20)
	orElse(&l.Recipients, 1000)
	orElse(&l.SoftErrors, 10)
	orElse(&l.HardErrors, 20)
	orElse(&l.Junk, 100)
	orElse(&l.Connections, 2000)
	orElse(&l.PerClient, 50)
	orElse(&l.Command, 5*time.Minute)
	orElse(&l.Data, 3*time.Minute)
	orElse(&l.Rate, 500)
	orElse(&l.AuthFailures, 3)
	orElse(&l.AuthBurst, 10)
	orElse(&l.AuthEvery, 30*time.Second)
	orElse(&l.Delay, time.Second)
	orElse(&l.SpoolSession, 64<<10)
	orElse(&l.SpoolTotal, 64<<20)
	return l
}

func (l Limits) check() error {
	if l.Recipients < 100 {
		return fmt.Errorf("limit of %d recipients: RFC 5321 4.5.3.1.8 wants 100 or more", l.Recipients)
	}
	for _, v := range []int64{
		l.Size, int64(l.Messages), int64(l.SoftErrors), int64(l.HardErrors), int64(l.Junk), int64(l.Connections), int64(l.PerClient),
		int64(l.Command), int64(l.Data), int64(l.Rate), int64(l.AuthFailures), int64(l.AuthBurst), int64(l.AuthEvery),
		int64(l.Delay), int64(l.SpoolSession), l.SpoolTotal,
	} {
		if v < 0 {
			return errors.New("a limit is negative")
		}
	}
	return nil
}

func (o Options) withDefaults() Options {
	o.Limits = o.Limits.withDefaults()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Ready == nil {
		o.Ready = func() message.Reply { return replyOK }
	}
	return o
}

func (o Options) check() error {
	if o.Acceptor == nil {
		return errors.New("nobody accepts the mail")
	}
	if _, err := message.ParseDomain(o.Hostname); err != nil {
		return fmt.Errorf("host name %q: %w", o.Hostname, err)
	}
	if o.Authenticate != nil && o.TLS == nil {
		return errors.New("AUTH needs TLS")
	}
	for i := range o.Networks {
		if err := o.Networks[i].check(o.TLS); err != nil {
			return fmt.Errorf("network %q: %w", o.Networks[i].Name, err)
		}
	}
	return o.Limits.check()
}

// announced is the largest message that a client should try.
func (o *Options) announced() int64 {
	if o.Room == nil {
		return o.Limits.Size
	}
	if n := o.Room(); n > 0 && n < o.Limits.Size {
		return n
	}
	return o.Limits.Size
}
