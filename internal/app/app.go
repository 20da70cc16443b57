// Package app builds everything from a configuration and runs the chosen roles: smtpd
// takes mail in, portal is the web face, worker does what is due. It is the only place
// that knows every room.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"sigill/internal/config"
	"sigill/internal/gateway"
	"sigill/internal/message"
	"sigill/internal/policy"
	"sigill/internal/queue"
	"sigill/internal/relay"
	"sigill/internal/sandbox"
	"sigill/internal/seal"
	"sigill/internal/sms"
	"sigill/internal/smtpd"
	"sigill/internal/store"
)

// An end may take 30 seconds in all: first the sessions, then the jobs that they left and
// the requests, then what is left of both.
const (
	drainTime   = 20 * time.Second
	drainQueue  = 7 * time.Second
	releaseTime = 3 * time.Second
)

// Roles says what a process does.
type Roles struct{ SMTPD, Portal, Worker bool }

// AllRoles is what a single node does.
var AllRoles = Roles{true, true, true}

// Options of an [App] that do not come from the file.
type Options struct {
	Roles Roles
	Log   *slog.Logger
	Now   func() time.Time // nil: time.Now
	// Ring opens the key ring; nil: from store.keyring, made when the store is empty.
	Ring *seal.Keyring
	// Level is what the log lets through; Reload sets it. nil: it cannot be set.
	Level *slog.LevelVar
	// Lease is how long a job belongs to who claimed it, unless prolonged; 2 minutes. What
	// a crashed node had claimed is taken up after it.
	Lease time.Duration
	// Force takes a policy although its own tests fail.
	Force bool
	// Policy loads the policy that the configuration names, and runs its tests unless forced; nil: [LoadPolicyFor]. Tests share one.
	Policy func(ctx context.Context, cfg *config.Config, force bool) (*policy.Policy, error)
	// Listeners are sockets that are open already, by name (smtp, portal, admin); they take
	// the place of the configured addresses.
	Listeners map[string]net.Listener
	// Web puts something in front of the portal, as the demo does with its page.
	Web func(portal http.Handler, s store.Store) http.Handler
	// CutTimeout is how long a client waits for the next hop's reply to the final dot before
	// the message is stored instead; 0: 30 s.
	CutTimeout time.Duration
	// Scanners are what tests change of the processes that open attachments: their command and how long they are waited for.
	Scanners sandbox.Options
	// Fault is called at named points, for tests that kill the process there.
	Fault func(point string)
}

// App is the whole gateway, built and not yet running.
type App struct {
	cfg     *config.Config
	o       Options
	log     *slog.Logger
	metrics *prometheus.Registry

	store   store.Store
	ring    *seal.Keyring
	policy  atomic.Pointer[policy.Policy]
	pool    *sandbox.Pool
	scan    scanners
	out, in *relay.Sender
	sms     sms.Sender
	gateway *gateway.Gateway
	smtpd   *smtpd.Server
	runner  *queue.Runner
	web     http.Handler

	certs     []*certificate
	listeners []listener
}

// listener is one socket and what is served on it.
type listener struct {
	name  string // smtp, smtps, portal, admin
	l     net.Listener
	serve func(ctx context.Context, l net.Listener) error
}

// New builds the gateway and opens its store and sockets, so that everything that can
// be wrong is known before the first client is answered.
func New(ctx context.Context, cfg *config.Config, o Options) (*App, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Lease == 0 {
		o.Lease = 2 * time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &App{cfg: cfg, o: o, log: o.Log, metrics: prometheus.NewRegistry()}
	a.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err := a.build(ctx); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// build makes each part after those that it needs.
func (a *App) build(ctx context.Context) error {
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"policy", a.loadPolicy},
		{"store", a.openStore},
		{"next hop", a.openHops},
		{"text messages", a.openSMS},
		{"scanner", a.openSandbox},
		{"gateway", a.buildGateway},
		{"queue", a.buildQueue},
		{"portal", a.buildPortal},
		{"SMTP server", a.buildSMTP},
		{"listeners", a.listen},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
	}
	return nil
}

// Addr returns the address of a listener: smtp, smtps, portal or admin; "" when this
// process has none.
func (a *App) Addr(name string) string {
	for _, l := range a.listeners {
		if l.name == name {
			return l.l.Addr().String()
		}
	}
	return ""
}

// Store returns the store, for commands that work beside a running gateway.
func (a *App) Store() store.Store { return a.store }

// Run serves until ctx ends, then drains: no new work is taken, what was begun ends
// within 30 seconds.
func (a *App) Run(ctx context.Context) error {
	a.log.Info("sigill runs", "smtp", a.Addr("smtp"), "portal", a.Addr("portal"), "admin", a.Addr("admin"))
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group, failed := errgroup.WithContext(work)
	for _, l := range a.listeners {
		group.Go(func() error {
			err := l.serve(work, l.l)
			if ctx.Err() != nil && err != nil { // an end that comes before the beginning is no failure
				a.log.Info("listener ended", "name", l.name, "error", err)
				return nil
			}
			return err
		})
	}
	background, endBackground := context.WithCancel(work)
	if a.o.Roles.Worker {
		group.Go(func() error { return a.runner.Run(background) })
		group.Go(func() error { return a.sweep(background) })
	}
	group.Go(func() error { return a.watchRing(background) })
	select {
	case <-ctx.Done():
		a.log.Info("sigill drains")
	case <-failed.Done():
	}
	a.drain(endBackground) //nolint:contextcheck // what ends must outlive the context that ended
	stop()
	err := group.Wait()
	a.giveUp() //nolint:contextcheck // the same
	return err
}

// drain ends the rooms in the order in which mail goes through them.
func (a *App) drain(endBackground context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	if a.smtpd != nil {
		if err := a.smtpd.Shutdown(ctx); err != nil {
			a.log.Warn("SMTP sessions were cut", "error", err)
		}
	}
	endBackground()
}

// giveUp is the last of an orderly end, when no session, job or request is under way any
// more: what this node still holds by a lease is given back, whatever kept it from being
// worked or given back before. Nobody would come to it until the lease is over.
func (a *App) giveUp() {
	a.gateway.Close()
	ctx, cancel := context.WithTimeout(context.Background(), releaseTime)
	defer cancel()
	switch n, err := a.store.Release(ctx); {
	case err != nil:
		a.log.Warn("leases were not given back; they end by themselves", "error", err)
	case n > 0:
		a.log.Info("leases given back", "jobs", n)
	}
}

// watchRing takes up keys that `sigill keys rotate` adds, before it uses them.
func (a *App) watchRing(ctx context.Context) error {
	tick := time.NewTicker(ringWatch)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		switch changed, err := a.ring.Reload(); {
		case err != nil:
			a.log.Error("key ring cannot be read again; the keys in use stay", "error", err)
		case changed:
			a.log.Info("key ring has new keys")
		}
	}
}

// sweep removes what nobody needs, now and then.
func (a *App) sweep(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		n, err := a.store.Sweep(ctx, a.retention())
		switch {
		case err != nil && ctx.Err() == nil:
			a.log.Warn("sweep failed", "error", err)
		case n > 0:
			a.log.Info("swept", "things", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// retention says what is old by now. A number is kept for as long as it may be used.
func (a *App) retention() store.Retention {
	now, m := a.o.Now(), a.cfg.Messages
	facts := now.Add(-time.Duration(m.Metadata))
	return store.Retention{
		Traces: facts, Messages: facts, Contacts: now.Add(-time.Duration(max(m.Metadata, m.NumberAgain))),
	}
}

// Close releases everything that New opened. Run must have returned.
func (a *App) Close() error {
	var errs []error
	for _, l := range a.listeners {
		if err := l.l.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	if a.gateway != nil {
		a.gateway.Close()
	}
	for _, hop := range []*relay.Sender{a.out, a.in} {
		if hop != nil {
			hop.Close()
		}
	}
	if a.pool != nil {
		a.pool.Close()
	}
	if a.store != nil {
		errs = append(errs, a.store.Close())
	}
	return errors.Join(errs...)
}

// serveHTTP serves until ctx ends, then waits for requests that were begun.
func serveHTTP(h http.Handler) func(context.Context, net.Listener) error {
	return func(ctx context.Context, l net.Listener) error {
		srv := &http.Server{
			Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute,
			WriteTimeout: 10 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
			BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
		}
		ended := make(chan struct{})
		unwatch := context.AfterFunc(ctx, func() { //nolint:contextcheck // what ends must outlive the context that ended
			defer close(ended)
			end, cancel := context.WithTimeout(context.Background(), drainQueue)
			defer cancel()
			if srv.Shutdown(end) != nil {
				_ = srv.Close()
			}
		})
		err := srv.Serve(l)
		if !unwatch() {
			<-ended // Serve returns when the end begins
		}
		if errors.Is(err, http.ErrServerClosed) {
			return nil
		}
		return err
	}
}

// runJobs gives the gateway's own claimed jobs to the worker of this process.
func (a *App) runJobs(jobs []message.Job) {
	if a.runner != nil {
		a.runner.Offer(jobs)
	}
}
