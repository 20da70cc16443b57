// Package gateway is the steps of a message, one stateless handler each.
//
// [Gateway.Accept] runs inside the SMTP session: it reads the message, asks the policy
// and either hands it straight on (cut-through) or commits it to the store. Everything
// later is a job: a handler loads the message, asks whether its step is still due, does
// what touches the outside, and writes the result together with the end of the job.
// A handler may run twice; the second time it finds the step done.
package gateway

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sigill/internal/auth"
	"sigill/internal/extract"
	"sigill/internal/message"
	"sigill/internal/notify"
	"sigill/internal/policy"
	"sigill/internal/relay"
	"sigill/internal/seal"
	"sigill/internal/sms"
	"sigill/internal/store"
)

// Policy decides about a message. *policy.Policy is one.
type Policy interface {
	Evaluate(ctx context.Context, in policy.Input) (message.Decision, *policy.Explanation, error)
	Limits() extract.Limits
}

// Hop hands a message to a next hop. *relay.Sender is one.
type Hop interface {
	Send(ctx context.Context, m relay.Mail) relay.Result
	CutThrough(ctx context.Context, m relay.Mail) relay.Cut
	Known() (relay.Capabilities, bool)
}

// Mode says what the gateway does with its verdicts.
type Mode struct {
	Observe bool     // everything passes, every verdict is recorded
	Pilot   []string // senders for whom it is enforced all the same
	Never   []string // domains to which nothing is sent
	Journal []string // addresses for which the level never rises; TLS is required for them
}

// Guard is a header field that tells one customer of a shared cloud from another: a
// secret of ours, which is taken out of every copy, or the tenant id that the cloud
// itself writes, beside its client certificate.
type Guard struct {
	Field  string
	Value  string
	Remove bool
}

// Budget bounds what is read inside the SMTP session.
type Budget struct {
	Size int64         // octets; 32 MiB
	Time time.Duration // the wait for a scanner included; 10 s
}

// Retry is the pause between tries to relay: it doubles from First to Most.
type Retry struct{ First, Most time.Duration }

// Options of a [Gateway].
type Options struct {
	Org      Org
	Hostname string // names us in Received
	// BounceDomain receives what comes back of our own mail, at b+...
	BounceDomain string
	Base         string // URL of the portal, without a slash at the end
	Mode         Mode
	Guards       map[string]Guard // by name of the listed network
	Terms        message.Terms
	Limits       auth.Limits
	Budget       Budget
	Retry        Retry
	MaxHops      int // Received fields before it is a loop; 50

	Store store.Store
	Ring  *seal.Keyring
	// Parse reads a message. Without an error, done is called when it is judged: until then it takes memory that others wait for.
	// [sandbox.ErrBusy] says that it waited too long.
	Parse   func(ctx context.Context, body message.Body, lim extract.Limits) (c *extract.Content, done func(), err error)
	Policy  func() Policy // nil when none is loaded: 451
	Out     Hop
	In      Hop // for the organisation's own domains; nil: Out
	Compose *notify.Composer
	SMS     sms.Sender                       // nil: no level 2 by text message
	Sign    func(raw []byte) ([]byte, error) // DKIM of our own mail; nil for none

	Lease time.Duration            // of the first jobs of a message; 0 when this node has no worker
	Run   func(jobs []message.Job) // gives claimed jobs to the worker
	// Fault is called at named points for tests that kill the process there; nil otherwise.
	Fault func(point string)

	Now     func() time.Time
	Log     *slog.Logger
	Metrics prometheus.Registerer // nil for none
	// LogAddresses allows addresses in the log.
	LogAddresses bool
}

// Gateway has one method for each step.
type Gateway struct {
	o       Options
	metrics metrics
	deaf    atomic.Int64 // until when the store is not asked about repeats, in nanoseconds

	life    context.Context // ends with Close; the one context kept, for what outlives a session
	end     context.CancelFunc
	waiting sync.WaitGroup
}

// New makes a gateway.
func New(o Options) *Gateway {
	if o.In == nil {
		o.In = o.Out
	}
	if o.Budget.Size == 0 {
		o.Budget.Size = 32 << 20
	}
	if o.Budget.Time == 0 {
		o.Budget.Time = 10 * time.Second
	}
	if o.Retry.First == 0 {
		o.Retry = Retry{30 * time.Second, time.Hour}
	}
	if o.MaxHops == 0 {
		o.MaxHops = 50
	}
	if o.Run == nil {
		o.Run = func([]message.Job) {}
	}
	if o.Fault == nil {
		o.Fault = func(string) {}
	}
	g := &Gateway{o: o, metrics: newMetrics(o.Metrics)}
	g.life, g.end = context.WithCancel(context.Background())
	return g
}

// Handlers returns the handler of each kind of job.
func (g *Gateway) Handlers() map[message.JobKind]func(context.Context, message.Job) (message.Next, error) {
	return map[message.JobKind]func(context.Context, message.Job) (message.Next, error){
		message.JobClassify: g.Classify,
		message.JobRelay:    g.Relay,
		message.JobNotify:   g.Notify,
		message.JobAskPhone: g.AskPhone,
		message.JobConfirm:  g.Confirm,
		message.JobSendCode: g.SendCode,
		message.JobRemind:   g.Remind,
		message.JobExpire:   g.Expire,
		message.JobBounce:   g.Bounce,
		message.JobDelay:    g.Delay,
		message.JobTell:     g.Tell,
		message.JobInform:   g.Inform,
		message.JobPurge:    g.Purge,
		message.JobAlarm:    g.Alarm,
	}
}

// hop returns the way to an address, and says whether it is the inbound one.
func (g *Gateway) hop(a message.Address) (Hop, bool) {
	if g.o.Org.Own(a) {
		return g.o.In, true
	}
	return g.o.Out, false
}
